"""What the API's tests share: a server on two emulated H100 and one ARIES."""

import pytest

from api.client import Api
from harness import Server

FLEET = ("--emulate", "h100=2,aries=1")


@pytest.fixture
def api(new_server):
    """A server of this test's own."""
    server = new_server()
    server.up(*FLEET)
    return Api(server)


@pytest.fixture(scope="module")
def shared_api(duru_binary, tmp_path_factory):
    """One server for all tests of a file that do not get into each other's way."""
    server = Server(duru_binary, tmp_path_factory.mktemp("server") / "data")
    server.up(*FLEET)
    yield Api(server)
    server.end()
