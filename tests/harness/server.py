"""A real Duru server in a folder of its own, driven through the command line and the API as a user would.

    server = Server(binary, data_folder)
    server.up("--emulate", "h100=1")
    server.cli("submit", "jobs.yaml"); jobs = server.json("get", "jobs")["items"]
    server.kill()   # as kill -9 does; work goes on
    server.up()     # on the same data
    server.end()    # work and server; afterwards no process of this folder lives
"""

import json
import os
import pathlib
import signal
import subprocess

import requests

from harness import wait_until


def is_alive(pid):
    """Whether the process runs; a zombie that nobody reaps yet does not."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def processes_naming(folder):
    """Process ids that name this folder in their command line, environment or working folder."""
    needle, found = os.fsencode(folder), []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            told += os.fsencode(os.readlink(entry / "cwd"))
        except OSError:
            continue  # gone meanwhile, or not ours
        if needle in told and is_alive(int(entry.name)):
            found.append(int(entry.name))
    return found


class Server:
    def __init__(self, binary, data, environment=None):
        self.binary = pathlib.Path(binary)
        self.data = pathlib.Path(data)
        # Nothing of the caller's own Duru may leak in.
        clean = {k: v for k, v in os.environ.items() if not k.startswith("DURU_")}
        self.environment = clean | (environment or {})

    def up(self, *arguments):
        return self.cli("up", "--detach", "--listen", "127.0.0.1:0", *arguments)

    def cli(self, *arguments, check=True, timeout_s=60, input=None, stdin=None, cwd=None):
        """Runs `duru --data DIR ARGUMENTS`; with `check`, an exit code other than 0 fails the test and shows why."""
        done = subprocess.run(
            [str(self.binary), "--data", str(self.data), *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            **({"input": input} if stdin is None else {"stdin": stdin}),
            cwd=cwd,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"duru {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    def json(self, *arguments):
        return json.loads(self.cli(*arguments, "-o", "json").stdout)

    def job(self, name):
        """The job as `get` lists it: the unfinished one of that name, else the newest."""
        return self.json("get", "job", name)

    def wait_for_state(self, name, *states, deadline_s=30.0):
        return wait_until(
            lambda: (lambda job: job if job["state"] in states else None)(self.job(name)),
            f"job {name} in {' or '.join(states)}",
            deadline_s,
        )

    @property
    def url(self):
        address = (self.data / "address").read_text().strip()
        return address if address.startswith("http") else f"http://{address}"

    @property
    def token(self):
        return (self.data / "token").read_text().strip()

    @property
    def pid(self):
        return int((self.data / "pid").read_text().split()[0])

    def api(self, method, path, body=None, headers=None, token=None, timeout_s=30):
        """One request to the API with the server's token, or with `token` (an empty one sends none)."""
        token = self.token if token is None else token
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(
            method,
            self.url + path,
            json=body,
            headers=sent | (headers or {}),
            timeout=timeout_s,
            verify=str(self.data / "ca.pem") if self.url.startswith("https://") else True,
        )

    def kill(self):
        """kill -9 of the server alone; returns when it is gone."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_alive(pid), f"server {pid} to be gone")

    def down(self):
        """A clean stop of the server alone: work goes on."""
        pid = self.pid
        self.cli("down")
        wait_until(lambda: not is_alive(pid), f"server {pid} to be gone")

    def end(self):
        """Ends work and server, whatever state the test left them in, and fails if that needed force."""
        if not (self.data / "pid").exists():
            return
        if not is_alive(self.pid):
            self.cli("up", "--detach", "--listen", "127.0.0.1:0", check=False)
        ended = self.cli("down", "--all", check=False)
        left = self.processes()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert ended.returncode == 0, f"down --all: exit {ended.returncode}\n{ended.stdout}{ended.stderr}"
        assert not left, f"down --all left processes behind: {left}"

    def processes(self):
        return processes_naming(self.data)
