"""Fixtures of all test folders. `./test` prepares everything; for one file by hand:

    ./test tests/examples/test_two_track_scripts.py
"""

import os
import pathlib

import pytest

from harness import ROOT, Server


def require(variable, default, what):
    path = pathlib.Path(os.environ.get(variable, default))
    if not path.exists():
        pytest.fail(f"{what} is not at {path} (set {variable}, or run through ./test)", pytrace=False)
    return path


@pytest.fixture(scope="session")
def duru_binary():
    return require("DURU_TEST_BINARY", ROOT / "build" / "release" / "duru", "the program duru")


@pytest.fixture(scope="session")
def agent_binary():
    return require("DURU_TEST_AGENT_BINARY", ROOT / "build" / "release" / "duru-agent", "the program duru-agent")


@pytest.fixture(scope="session")
def example_python():
    """The Python that has the packages of examples/two-track/requirements.txt."""
    return require("DURU_TEST_EXAMPLE_PYTHON", "unset", "the Python of the example")


@pytest.fixture
def new_server(duru_binary, tmp_path):
    """Makes servers that are not started yet; all of them are ended after the test."""
    made = []

    def make(name="server", environment=None):
        made.append(Server(duru_binary, tmp_path / name, environment))
        return made[-1]

    yield make
    for server in made:
        server.end()


@pytest.fixture
def server(new_server):
    """A running server with one emulated H100 and one emulated ARIES."""
    made = new_server()
    made.up("--emulate", "h100=1,aries=1")
    return made
