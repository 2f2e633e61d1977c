"""A real duru-agent on a data folder of its own.

    node = Node(binary, tmp_path / "node", tmp_path / "node.log")
    node.enrol(server); node.run()
    node.kill()                     # as kill -9 does; the workload goes on
    node.serving()                  # names of the releases whose workload lives, as the kernel tells
"""

import binascii
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess

from harness import wait_until
from harness.server import processes_naming


class Node:
    def __init__(self, binary, data, log):
        self.binary = binary
        self.data = pathlib.Path(data)
        self.prefix = []  # of every command line: where it runs
        self.process = None
        self.log = log

    def call(self, verb, *arguments):
        command = [*self.prefix, self.binary, verb, "--data", self.data, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=30)

    def enrol(self, server, *arguments, code="right-code"):
        done = self.call("enrol", "--server", server.url, "--code", code, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, *arguments, die_at=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DURU_")}
        if die_at:
            environment["DURU_AGENT_DIE_AT"] = die_at
        with open(self.log, "ab") as log:
            command = [*self.prefix, self.binary, "run", "--data", self.data, *arguments]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def kill_process(self, pid):
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: pid not in processes_naming(self.data), f"process {pid} to be gone")

    def terminate(self):
        """Returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def status(self):
        done = self.call("status", "-o", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def workloads(self):
        """{pid: release} of the living processes that run a release's command here."""
        found = {}
        for pid in processes_naming(self.data):
            try:
                variables = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                program = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            names = [v[len(b"DURU_RELEASE=") :].decode() for v in variables if v.startswith(b"DURU_RELEASE=")]
            if names and b"run.sh" in program:
                found[pid] = names[0]
        return found

    def serving(self):
        return sorted(set(self.workloads().values()))

    def wait_for_serving(self, release, deadline_s=20.0):
        wait_until(lambda: self.serving() == [release], f"{release} alone to run", deadline_s)

    def reboot(self):
        """As a power cut: every process is killed at once, and what is on disk is of another boot."""
        self.end()
        for path in self.data.glob("runs/*/*"):
            if path.name not in ("supervisor", "started", "exit", "released"):
                continue
            body = re.sub(r"boot_id=[\w-]+", "boot_id=" + "0" * 32, path.read_text().rsplit("crc32=", 1)[0])
            path.write_text(f"{body}crc32={binascii.crc32(body.encode()):08x}\n")
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", "")
        for path in (self.data / "counters", self.data / "events/clocks"):
            if path.exists():
                body = path.read_text().splitlines()[0].replace(boot, "0" * 32)
                path.write_text(f"{body}\nsha256 {hashlib.sha256(body.encode()).hexdigest()}\n")
        for path in self.data.glob("events/*.events"):
            bodies = [line[9:].replace(boot, "0" * 32) for line in path.read_text().splitlines()]
            path.write_text("".join(f"{binascii.crc32(body.encode()):08x} {body}\n" for body in bodies))

    def end(self):
        """Ends agent, supervisors and workloads, whatever state the test left them in."""

        def gone():
            for pid in processes_naming(self.data):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            return not processes_naming(self.data)

        if self.process:
            self.process.kill()
        wait_until(gone, "everything of the node to be gone")
        if self.process:
            self.process.wait()
