"""One server for all tests of a file: they use names of their own and clean up what they change."""

import pytest

from harness import Server


@pytest.fixture(scope="module")
def shared(duru_binary, tmp_path_factory):
    server = Server(duru_binary, tmp_path_factory.mktemp("cli") / "data")
    server.up("--emulate", "h100=2,aries=1")
    yield server
    server.end()
