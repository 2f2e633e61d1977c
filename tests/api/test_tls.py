"""Beyond loopback the server speaks TLS, with a certificate of its own CA, and nothing else."""

import http.client
import socket
import ssl
import stat
import subprocess

import pytest
import requests


pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion")


@pytest.fixture
def server(new_server):
    made = new_server()
    made.up("--listen", "0.0.0.0:0")
    return made


def port_of(server):
    return int(server.url.rsplit(":", 1)[1])


def certificate(server, name):
    """What a stranger to our code makes of the server, called by this name: its certificate, once it was verified."""
    context = ssl.create_default_context(cafile=server.data / "ca.pem")
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=10) as connection:
        with context.wrap_socket(connection, server_hostname=name) as sealed:
            assert sealed.version() in ("TLSv1.2", "TLSv1.3")
            return sealed.getpeercert()


def test_its_certificate_is_believed_with_its_ca_under_each_of_its_names_and_no_other(server):
    for name in ("127.0.0.1", "localhost", socket.gethostname()):
        assert certificate(server, name)["subject"] == ((("commonName", "duru server"),),)
    with pytest.raises(ssl.SSLCertVerificationError, match="example.org"):
        certificate(server, "example.org")
    for name in ("ca.key", "server.pem"):
        assert stat.S_IMODE((server.data / name).stat().st_mode) == 0o600


def test_tls_can_be_asked_for_on_loopback_too(new_server):
    server = new_server()
    server.up("--listen", "https://127.0.0.1:0")
    assert server.url.startswith("https://127.0.0.1:")
    assert certificate(server, "127.0.0.1")
    assert server.json("get", "nodes")["items"]


def test_old_protocols_are_refused(server):
    context = ssl.create_default_context(cafile=server.data / "ca.pem")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        http.client.HTTPSConnection("127.0.0.1", port_of(server), context=context, timeout=10).request("GET", "/healthz")


def test_a_caller_in_clear_is_told_to_use_https(server):
    answer = requests.get(f"http://127.0.0.1:{port_of(server)}/healthz", timeout=10)
    assert answer.status_code == 400 and answer.json()["type"] == "tls-needed"
    metrics = server.api("GET", "/metrics").text
    assert "\nduru_http_tls_handshakes_failed_total 1\n" in metrics


def test_the_command_line_knows_the_server_of_its_data_folder(server):
    assert server.url.startswith("https://127.0.0.1:")
    assert server.json("get", "nodes")["items"]
    server.cli("run", "--", "true")
    before = certificate(server, "localhost")
    server.down()
    server.cli("up", "--detach")  # the address is remembered, the certificate still good
    assert certificate(server, "localhost") == before
    assert server.api("GET", "/v1/nodes").status_code == 200


def test_from_elsewhere_the_ca_must_be_named(server, duru_binary):
    def nodes(*arguments, url=server.url, **variables):
        command = [duru_binary, "--server", url, "--token", server.token, *arguments, "get", "nodes"]
        environment = server.environment | variables
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    ca = str(server.data / "ca.pem")
    assert nodes("--ca", ca).returncode == 0
    assert nodes(DURU_CA=ca).returncode == 0
    stranger = nodes()
    assert stranger.returncode == 5 and "not signed by the CA that is trusted here" in stranger.stderr
    in_clear = nodes("--ca", ca, url=f"http://127.0.0.1:{port_of(server)}")
    assert in_clear.returncode == 2 and "speaks HTTPS" in in_clear.stderr + in_clear.stdout
    beyond = nodes("--ca", ca, url="http://192.0.2.1:7700")
    assert beyond.returncode == 2 and "would not be protected" in beyond.stderr


def test_a_ca_whose_key_is_lost_stops_the_start_with_what_helps(server):
    server.down()
    (server.data / "ca.key").rename(server.data / "kept")
    refused = server.cli("up", "--detach", check=False)
    assert refused.returncode == 4 and "from a backup" in refused.stderr
    (server.data / "kept").rename(server.data / "ca.key")
    server.cli("up", "--detach")
