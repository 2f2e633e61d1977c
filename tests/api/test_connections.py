"""A server that is asked for more connections than it has: idle ones make room, and nodes leave some to people."""

import contextlib
import hashlib
import json
import pathlib
import resource
import socket
import urllib.parse

import pytest

from harness import wait_until

CONNECTIONS = 1024


@contextlib.contextmanager
def descriptors(soft):
    """What this process and the processes that it starts may open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, before[1]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def server(new_server):
    """Started as from most shells: with 1024 descriptors."""
    server = new_server()
    with descriptors(1024):
        server.up("--emulate", "h100=1")
    return server


@pytest.fixture
def link(server):
    """Opens connections, and closes them after the test."""
    address = urllib.parse.urlparse(server.url)
    with descriptors(4096), contextlib.ExitStack() as open_links:
        yield lambda: open_links.enter_context(socket.create_connection((address.hostname, address.port), timeout=20))


def ask(link, method, path, bearer, body=""):
    link.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {bearer}\r\n"
                 f"Content-Length: {len(body)}\r\n\r\n{body}".encode())  # fmt: skip
    return link.recv(65536).split(b"\r\n", 1)[0].decode()


def enrol(server, name):
    code = server.api("POST", "/v1/enrolments", {}).json()["code"]
    credential = hashlib.sha256(name.encode()).hexdigest()
    node = {"code": code, "node": name, "credential": credential, "chip": "dx-m1", "accelerators": 1,
            "emulated": True, "cpu": "1", "memory": "1GiB"}  # fmt: skip
    answer = server.api("POST", "/v1/field/enrol", node, token="")
    assert answer.status_code == 200, answer.text
    return credential


def counter(server, name):
    lines = server.api("GET", "/metrics").text.splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"duru_http_{name} "))


SYNC = json.dumps({"boot_id": "b", "uptime": "1s"})


def test_a_node_keeps_some_connections_and_a_thousand_lock_nobody_out(server, link):
    credential = enrol(server, "cam-1")
    for _ in range(CONNECTIONS + 100):
        newest = link()
        assert ask(newest, "POST", "/v1/field/sync", credential, SYNC) == "HTTP/1.1 200 OK"
    assert server.json("get", "jobs")["items"] == []
    assert counter(server, "connections_kept") == 4
    assert counter(server, "connections_refused_total") == 0
    # Those that are kept are the newest, as older ones may be dead; the next node has places of its own.
    assert ask(newest, "POST", "/v1/field/sync", credential, SYNC) == "HTTP/1.1 200 OK"
    assert ask(link(), "POST", "/v1/field/sync", enrol(server, "cam-2"), SYNC) == "HTTP/1.1 200 OK"
    assert counter(server, "connections_kept") == 5


def test_the_server_may_open_more_files_than_its_shell_gives_and_work_no_more_than_it_needs(server):
    assert server.cli("run", "--", "sh", "-c", "ulimit -Sn").stdout.split()[-1] == "4096"
    soft = next(line.split()[3] for line in pathlib.Path(f"/proc/{server.pid}/limits").read_text().splitlines()
                if line.startswith("Max open files"))  # fmt: skip
    assert int(soft) == min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 524288)


def test_connections_that_ask_nothing_do_not_lock_people_out(server, link):
    for _ in range(CONNECTIONS):
        link()
    wait_until(lambda: server.cli("get", "jobs", check=False).returncode == 0, "duru get jobs to be answered")
    assert counter(server, "connections_displaced_total") >= 1


def test_where_every_connection_is_at_work_one_more_is_told_so(server, link):
    streams = [link() for _ in range(CONNECTIONS)]
    for one in streams:
        assert ask(one, "GET", "/v1/watch?kind=jobs", server.token) == "HTTP/1.1 200 OK"
    refused = server.cli("get", "jobs", check=False)
    assert refused.returncode != 0 and "1024 connections" in refused.stderr
    streams[0].close()
    wait_until(lambda: server.cli("get", "jobs", check=False).returncode == 0, "duru get jobs to be answered")
