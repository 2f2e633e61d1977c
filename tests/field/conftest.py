"""What the tests of the field share: a real server and real nodes, on this machine."""

import os
import pathlib
import signal
import subprocess

import pytest

from harness import Server, wait_until
from harness.server import processes_naming

FLEET = """kind: Fleet
name: cams
selector: {site: ridge}
cpu: "0.1"
heartbeat: 1s
"""
PROBE = "#!/bin/sh\nexit 0\n"
# Writes an alarm and a count, then waits; its release's name tells which one it was.
RUN = """#!/bin/sh
echo '{"kind": "smoke", "release": "'$DURU_RELEASE'"}' >> "$DURU_EVENTS"
echo '{"inferences": 5}' > "$DURU_STATUS"
trap 'exit 0' TERM
sleep 1000 &
wait
"""


class Camera:
    """A real duru-agent on a data folder of its own."""

    def __init__(self, binary, data):
        self.binary, self.data, self.process = binary, pathlib.Path(data), None

    def enrol(self, server, name, label="site=ridge"):
        code = server.cli("enrol", "--label", label).stdout.strip()
        done = subprocess.run(
            [self.binary, "enrol", "--server", server.url, "--code", code, "--data", self.data, "--node", name,
             "--chip", "dx-m1", "--accelerators", "1", "--emulated"],
            capture_output=True, text=True, timeout=30,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, *arguments):
        log = open(f"{self.data}.log", "ab")
        self.process = subprocess.Popen([self.binary, "run", "--data", self.data, *arguments], stdout=log, stderr=log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        if self.process and self.process.poll() is None:
            self.kill()

        def gone():
            for pid in processes_naming(self.data):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            return not processes_naming(self.data)

        wait_until(gone, "everything of the node to be gone")


@pytest.fixture
def server(duru_binary, tmp_path):
    """With a fleet, so that nodes know its heartbeat from their first report on."""
    server = Server(duru_binary, tmp_path / "data")
    server.up()
    server.cli("apply", "-f", "-", input=FLEET)
    yield server
    server.end()


@pytest.fixture
def new_camera(agent_binary, tmp_path, server):
    made = []

    def make(name):
        camera = Camera(agent_binary, tmp_path / name)
        camera.enrol(server, name)
        made.append(camera)
        return camera

    yield make
    for camera in made:
        camera.end()


@pytest.fixture
def field_file(tmp_path):
    """Writes a file for `duru apply`: the fleet, a release whose probe says `probe`, and its rollout."""

    def write(release, probe=PROBE, waves="[1, 100%]", bake="0ms", run=RUN):
        folder = tmp_path / release
        folder.mkdir(exist_ok=True)
        for name, text in (("run.sh", run), ("probe.sh", probe)):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        path = folder / "field.yaml"
        path.write_text(f"""{FLEET}---
kind: Release
name: {release}
files: [run.sh, probe.sh]
command: [./run.sh]
probe: {{command: [./probe.sh], every: 200ms, timeout: 2s, failures: 2, ready_within: 3s}}
chips: [dx-m1]
---
kind: Rollout
name: {release}-to-all
fleet: cams
release: {release}
waves: {waves}
bake: {bake}
""")
        return path

    return write
