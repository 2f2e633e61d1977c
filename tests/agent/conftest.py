import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from field_server import FieldServer
from node import Node

WORKLOAD = """#!/bin/sh
trap 'exit 0' TERM
sleep 1000 &
wait
"""
WELL = "#!/bin/sh\nexit 0\n"


@pytest.fixture
def field():
    server = FieldServer()
    yield server
    server.stop()


@pytest.fixture
def small_disk(tmp_path, request):
    """A file system of 8 MiB, or as much as the test says."""
    size = getattr(request, "param", "8m")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def new_node(agent_binary, tmp_path, field):
    made = []

    def make(data=tmp_path / "node"):
        made.append(Node(agent_binary, data, tmp_path / "node.log"))
        return made[-1]

    yield make
    for node in made:
        node.end()


@pytest.fixture
def node(new_node, field):
    """Enrolled, not running."""
    made = new_node()
    made.enrol(field, "--chip", "dx-m1", "--emulated")
    return made


@pytest.fixture
def release(field):
    """Makes a signed release whose workload waits and whose probe says yes, but for what is given."""

    def make(name, workload=WORKLOAD, probe=WELL, files=None, key=None, env=None, **timing):
        content = {"run.sh": workload, "probe.sh": probe, "name.txt": name} | (files or {})
        how = {"command": ["./probe.sh"], "every": "200ms", "timeout": "2s", "failures": 2, "ready_within": "20s"}
        return field.release(name, content, ["./run.sh"], how | timing, env=env, key=key)

    return make
