"""The commands of README.md do what it says, in the order in which a newcomer reads them."""

import os
import re
import subprocess

import pytest

from harness import ROOT, Server

README = (ROOT / "README.md").read_text()


@pytest.fixture
def readme_server(duru_binary, tmp_path):
    """The server that the commands start in the default data folder; ended also when they stop half-way."""
    server = Server(duru_binary, tmp_path / "state" / "duru")
    yield server
    if server.processes():
        server.end()


def test_the_commands_of_the_readme_succeed_as_they_stand(readme_server, duru_binary, tmp_path):
    blocks = re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    script = "\n".join(blocks).replace("/tmp/mine.yaml", str(tmp_path / "mine.yaml"))
    # The tested program may stand elsewhere than in build/release.
    script = script.replace("$PWD/build/release", str(duru_binary.parent))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=readme_server.environment | {"XDG_STATE_HOME": str(tmp_path / "state")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "1" in lines and "42" in lines
    assert "on h100-sxm5-80gb" in lines
    assert "  reason: no_capacity" in lines
    assert readme_server.processes() == []


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_file_that_the_readme_links_is_there(target):
    assert (ROOT / target).exists()
