"""Nodes of a server beyond loopback: a code bears the fingerprint of its CA, and no other server gets to hear it."""

import socket
import ssl
import subprocess

import pytest

from harness import Server, wait_until

FLEET = "kind: Fleet\nname: cams\nselector: {site: ridge}\nheartbeat: 1s\n"


@pytest.fixture
def server(duru_binary, tmp_path):
    server = Server(duru_binary, tmp_path / "data")
    server.up("--listen", "0.0.0.0:0")
    server.cli("apply", "-f", "-", input=FLEET)
    yield server
    server.end()


@pytest.fixture
def enrol(agent_binary, tmp_path):
    def call(url, code, data=tmp_path / "node"):
        command = [agent_binary, "enrol", "--server", url, "--code", code, "--data", data]
        return subprocess.run(command, capture_output=True, text=True, timeout=30)

    return call


def new_code(server):
    return server.cli("enrol", "--label", "site=ridge").stdout.strip()


def link_of(server, name):
    return server.json("get", "node", name)["field"]["link"]


def test_a_node_comes_in_by_the_fingerprint_and_is_heard(server, new_camera):
    assert server.url.startswith("https://")
    camera = new_camera("cam-1")
    camera.run()
    wait_until(lambda: link_of(server, "cam-1") == "online", "cam-1 to be heard")
    server.kill()
    server.cli("up", "--detach")
    wait_until(lambda: link_of(server, "cam-1") == "online", "cam-1 to be heard again")


def test_another_fingerprint_is_refused_before_the_code_is_sent(server, enrol):
    code = new_code(server)
    secret, fingerprint = code.split(".")
    other = enrol(server.url, f"{secret}.{'a' * len(fingerprint)}")
    assert other.returncode == 4 and "shows no certificate with the fingerprint" in other.stderr
    bare = enrol(server.url, secret)
    assert bare.returncode == 2 and "CODE.FINGERPRINT" in bare.stderr
    # Neither has used the code up.
    assert enrol(server.url, code).returncode == 0


def test_a_server_in_clear_is_no_server_for_a_code_with_a_fingerprint(server, enrol):
    in_clear = enrol(server.url.replace("https:", "http:"), new_code(server))
    assert in_clear.returncode == 4 and "HTTPS" in in_clear.stderr


def test_a_node_says_nothing_to_another_server_on_the_same_address(server, new_camera, duru_binary, tmp_path):
    camera = new_camera("cam-1")
    camera.run()
    wait_until(lambda: link_of(server, "cam-1") == "online", "cam-1 to be heard")
    port = server.url.rsplit(":", 1)[1]
    server.down()
    impostor = Server(duru_binary, tmp_path / "impostor")
    try:
        impostor.up("--listen", f"0.0.0.0:{port}")
        log = tmp_path / "cam-1.log"
        wait_until(lambda: "not signed by the CA" in log.read_text(), "cam-1 to see that it is another server")
        # It never came as far as a request: one with a credential that is not known would be refused.
        assert "\nduru_http_requests_refused_total 0\n" in impostor.api("GET", "/metrics").text
    finally:
        impostor.end()
    server.cli("up", "--detach")
    wait_until(lambda: link_of(server, "cam-1") == "online", "cam-1 to be heard again")


def test_whoever_trusts_another_ca_is_told_that_and_how_to_name_the_right_one(server, duru_binary, tmp_path):
    def get_nodes(*arguments):
        command = [duru_binary, "--server", server.url, "--token", server.token, *arguments, "get", "nodes"]
        return subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert get_nodes("--ca", server.data / "ca.pem").returncode == 0
    stranger = get_nodes()
    assert stranger.returncode == 5
    assert "is not believed" in stranger.stderr and "does not answer" not in stranger.stderr
    assert "help: --ca FILE" in stranger.stderr and "up --detach" not in stranger.stderr
    (tmp_path / "no.pem").write_text("no certificate")
    wrong = get_nodes("--ca", tmp_path / "no.pem")
    assert wrong.returncode == 2 and "no.pem holds no certificate" in wrong.stderr


def test_the_certificate_is_for_the_names_that_were_given_and_they_are_remembered(server):
    def is_for(name):
        trusts = ssl.create_default_context(cafile=server.data / "ca.pem")
        try:
            with socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), 10) as bare:
                trusts.wrap_socket(bare, server_hostname=name).close()
        except ssl.SSLCertVerificationError:
            return False
        return True

    assert is_for("127.0.0.1") and not is_for("gate.example.org")
    server.down()
    server.cli("up", "--detach", "--name", "gate.example.org,192.0.2.7")
    assert is_for("gate.example.org") and is_for("192.0.2.7") and not is_for("example.org")
    server.down()
    server.cli("up", "--detach")
    assert is_for("gate.example.org")
    server.down()
    server.cli("up", "--detach", "--name", "")
    assert not is_for("gate.example.org")


def test_a_name_that_is_none_is_refused(server):
    server.down()
    for wrong in ("gate:80", "https://gate", "a,,b", "a b"):
        refused = server.cli("up", "--name", wrong, check=False)
        assert refused.returncode == 2 and "--name: expected NAME,NAME" in refused.stderr, wrong
