"""Each limit of the API and of the HTTP layer under it, asked of a real server: a clear error, and the server goes on."""

import json
import socket
import urllib.parse

import pytest

from api.client import JOBS


def send(api, data, expect_close=False):
    """Sends bytes as they are; gives what comes back until the head of one answer is complete, or until the end."""
    address = urllib.parse.urlparse(api.server.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as link:
        try:
            link.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was sent; the answer is there
        received = b""
        while True:
            try:
                piece = link.recv(65536)
            except ConnectionResetError:
                piece = b""
            received += piece
            if not piece:
                return received
            head, separator, body = received.partition(b"\r\n\r\n")
            if separator and not expect_close and len(body) >= length_of(head):
                return received


def length_of(head):
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def status_and_problem(received):
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def head(api, target="/v1/version", method="GET", more=""):
    return f"{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.server.token}\r\n{more}\r\n".encode()


@pytest.mark.parametrize(
    "request_of, status, kind",
    [
        (lambda api: head(api, "/v1/" + "a" * 9000), 414, "target-too-long"),
        (lambda api: head(api, more="X: " + "a" * 17000 + "\r\n"), 431, "headers-too-large"),
        (lambda api: head(api, JOBS, "POST", "Content-Length: 40000000\r\n"), 413, "body-too-large"),
        (lambda api: b"nonsense\r\n\r\n", 400, "malformed-request"),
        (lambda api: head(api, "/v1/%zz"), 400, "bad-target"),
        (lambda api: head(api, "/v1/../token"), 400, "bad-target"),
        (lambda api: head(api, JOBS, "POST", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400, None),
        (lambda api: b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", None, None),
        (lambda api: head(api, "/v1/nothing"), 404, "not-found"),
        (lambda api: head(api, "/v1/usage", "PUT", "Content-Length: 0\r\n"), 405, "method-not-allowed"),
    ],
)
def test_a_request_out_of_bounds_gets_its_own_error(shared_api, request_of, status, kind):
    got, problem = status_and_problem(send(shared_api, request_of(shared_api)))
    assert got == problem["status"] and 400 <= got < 600
    assert status is None or got == status, problem
    assert kind is None or problem["type"] == kind
    assert shared_api.get("/healthz").status_code == 200


def test_a_body_is_bounded_in_depth_length_and_form(shared_api):
    deep = '{"env":' + "[" * 20 + "]" * 20 + "}"
    for body, says in (
        (deep, "deeper than 16"),
        (json.dumps({"command": ["x"] * 10001}), "at most 10000"),
        (json.dumps({"items": [{}] * 10001}), "at most 10000"),
        ('{"command": ["true"], "command": ["false"]}', "twice"),
        ('{"command": ["true"]} x', "not valid JSON"),
        ('{"name": "\\ud800"}', "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        ("", "not valid JSON"),
        ("null", "expected an object"),
        ('{"tasks": 1e3}', "/tasks"),
        ('{"tasks": 99999999999}', "/tasks"),
    ):
        answer = shared_api.raw("POST", JOBS, body)
        assert answer.status_code in (400, 422), body[:60]
        assert says in answer.text, answer.text


def test_a_list_is_bounded_and_unknown_parameters_are_told(shared_api):
    for path in (JOBS, "/v1/nodes", "/v1/accelerators", "/v1/chips", "/v1/sites", "/v1/projects/default/attempts"):
        for query in ("limit=0", "limit=5001", "limit=-1", "limit=many", "limt=5"):
            answer = shared_api.get(f"{path}?{query}")
            assert (answer.status_code, answer.json()["type"]) == (400, "malformed-request"), f"{path}?{query}"
            assert answer.json()["help"]


def test_names_that_look_like_paths_find_nothing(shared_api):
    for path in (
        f"{JOBS}/..%2F..%2Ftoken", f"{JOBS}/%2Fetc%2Fpasswd", "/v1/projects/..%2Fx/jobs", "/v1/projects/default/artifacts/..%2Ftoken",
        "/v1/nodes/a%2Fb", "/v1/accelerators/a/..%2F0",
    ):  # fmt: skip
        assert shared_api.get(path).status_code in (400, 404), path


def test_a_token_is_needed_and_a_wrong_one_is_none(shared_api):
    for token in ("", "wrong", shared_api.server.token + "x", shared_api.server.token[:-1]):
        answer = shared_api.get("/v1/nodes", token=token)
        assert (answer.status_code, answer.json()["type"]) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        # A stranger learns nothing of what there is.
        assert shared_api.get("/v1/nothing", token=token).status_code == 401
    assert (shared_api.server.data / "token").stat().st_mode & 0o777 == 0o600
