"""Jobs through the API of a real server: what is answered, what runs, what is remembered."""

import hashlib
import threading

import pytest

from api.client import JOBS
from harness import wait_until

NO_DIGEST = "1" * 64


def test_a_job_is_answered_read_run_and_its_log_followed(shared_api):
    job = shared_api.submit("echo one; sleep 0.2; echo two", track="gpu", name="hello")
    assert job["state"] in ("queued", "starting")
    assert shared_api.job("hello")["id"] == job["id"]
    log = shared_api.get(f"{JOBS}/hello/logs?follow=true")
    assert log.headers["Transfer-Encoding"] == "chunked"
    lines = log.text.splitlines()
    assert "emulated" in lines[0]
    assert lines[1:] == ["one", "two"]
    ended = shared_api.finish("hello")
    assert ended["state"] == "succeeded" and ended["exit_code"] == 0 and ended["emulated"]
    assert shared_api.get(f"{JOBS}/hello/logs").text == log.text


def test_a_name_means_the_unfinished_job_else_the_newest(shared_api):
    first = shared_api.submit("true", name="again")
    shared_api.finish("again")
    second = shared_api.submit("true", name="again")
    assert shared_api.job("again")["id"] == second["id"]
    shared_api.finish("again")
    assert shared_api.job("again")["id"] == second["id"]
    assert shared_api.job(first["id"])["id"] == first["id"]


def test_files_go_up_with_a_job_and_outputs_come_down(shared_api):
    script = b"cp data.txt $DURU_OUTPUTS/copy\n"
    digests = {}
    for name, content in {"run.sh": script, "data.txt": b"data \x00\xff"}.items():
        answer = shared_api.raw("POST", "/v1/projects/default/artifacts", content)
        assert answer.status_code == 201
        assert answer.json() == {"digest": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
        digests[name] = answer.json()["digest"]
    answer = shared_api.post(JOBS, {
        "name": "copy", "command": ["sh", "run.sh"], "outputs": ["copy"],
        "files": [{"path": path, "digest": digest} for path, digest in digests.items()],
    })
    assert answer.status_code == 201, answer.text
    assert shared_api.finish("copy")["state"] == "succeeded"
    output = shared_api.ok(f"{JOBS}/copy")["outputs"][0]
    assert output == {"name": "copy", "digest": digests["data.txt"], "size_bytes": 7}
    down = shared_api.get(f"/v1/projects/default/artifacts/{output['digest']}")
    assert down.content == b"data \x00\xff"
    next_job = shared_api.submit('cmp "$DURU_INPUTS/in" data.txt', inputs={"in": "copy/copy"},
                                 files=[{"path": "data.txt", "digest": digests["data.txt"]}])
    assert shared_api.finish(next_job["id"])["state"] == "succeeded"


def test_a_large_upload_goes_to_a_file_and_leaves_none_behind(shared_api):
    content = b"0123456789abcdef" * (1 << 20)
    answer = shared_api.raw("POST", "/v1/projects/default/artifacts", content)
    assert answer.json()["digest"] == hashlib.sha256(content).hexdigest()
    assert list((shared_api.server.data / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    "body, status, kind, pointer",
    [
        ({"comand": ["true"]}, 400, "malformed-body", "/comand"),
        ({"command": ["true"], "cpu": 0.5}, 400, "malformed-body", "/cpu"),
        ({"items": [{"command": ["true"]}, {"command": "true"}]}, 400, "malformed-body", "/items/1/command"),
        ({"command": ["true"], "tasks": 0}, 422, "invalid", "/tasks"),
        ({"command": ["true"], "name": "no spaces"}, 422, "invalid", "/name"),
        ({"command": []}, 422, "invalid", "/command"),
        ({"command": ["true"], "image": "python:3"}, 409, "unsupported", "/image"),
        ({"command": ["true"], "variants": [{"chip": "b9000"}]}, 422, "unknown-chip", "/variants/0/chip"),
        ({"command": ["true"], "track": "npu", "amount": 2}, 409, "infeasible", None),
        ({"command": ["true"], "after": ["nobody"]}, 422, "unknown-job", "/after/0"),
        ({"command": ["true"], "inputs": {"a": "nobody/b"}}, 422, "unknown-job", "/inputs/a"),
        ({"command": ["true"], "inputs": {"a": "sha256:" + NO_DIGEST}}, 422, "invalid", "/inputs/a"),
        ({"command": ["true"], "files": [{"path": "a", "digest": NO_DIGEST}]}, 422, "invalid", "/files/0/digest"),
        ({"command": ["true"], "files": [{"path": "../a", "digest": NO_DIGEST}]}, 422, "invalid", "/files/0"),
        ({"items": [{"name": "x", "command": ["true"]}, {"name": "x", "command": ["true"]}]}, 422, "invalid", "/items/1/name"),
        ({"items": [{"name": "x", "command": ["true"], "after": ["x"]}]}, 422, "invalid", "/items/0/after"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_field_and_nothing_is_submitted(shared_api, body, status, kind, pointer):
    before = shared_api.ok(JOBS)["items"]
    answer = shared_api.post(JOBS, body)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert problem["type"] == kind and problem["status"] == status and problem["detail"]
    if pointer is not None:
        assert problem["errors"][0]["pointer"].startswith(pointer)
    assert [job["id"] for job in shared_api.ok(JOBS)["items"]] == [job["id"] for job in before]


def test_a_key_gets_its_first_answer_again_after_a_kill(api):
    body = {"name": "once", "track": "gpu", "command": ["sleep", "60"]}
    first = api.post(JOBS, body, headers={"Idempotency-Key": "k"})
    assert first.status_code == 201
    for _ in range(2):
        again = api.post(JOBS, body, headers={"Idempotency-Key": "k"})
        assert (again.status_code, again.text) == (201, first.text)
        other = api.post(JOBS, body | {"tasks": 2}, headers={"Idempotency-Key": "k"})
        assert (other.status_code, other.json()["type"]) == (422, "idempotency-key-reused")
        api.server.kill()
        api.server.up()
    assert len(api.ok(JOBS)["items"]) == 1
    refused = {"name": "once", "command": ["true"]}
    taken = api.post(JOBS, refused, headers={"Idempotency-Key": "r"})
    assert (taken.status_code, taken.json()["type"]) == (409, "name-taken")
    api.post(f"{JOBS}/once/cancel")
    api.finish("once")
    # A refusal is not remembered: the same request may succeed later.
    assert api.post(JOBS, refused, headers={"Idempotency-Key": "r"}).status_code == 201


def test_many_at_once_with_one_key_make_one_job(shared_api):
    answers = []

    def post():
        answers.append(shared_api.post(JOBS, {"name": "racer", "command": ["true"]}, headers={"Idempotency-Key": "race"}))

    threads = [threading.Thread(target=post) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert all(a.json()["type"] == "idempotency-key-in-flight" for a in answers if a.status_code == 409)


def test_pages_hold_every_job_once_newest_first(shared_api):
    items = [{"name": f"page-{i}", "command": ["true"]} for i in range(7)]
    assert shared_api.post(JOBS, {"items": items}).status_code == 201
    wait_until(lambda: not shared_api.ok(f"{JOBS}?state=queued,starting,running,ending")["items"], "all jobs to end")
    whole = [job["id"] for job in shared_api.ok(JOBS)["items"]]
    assert whole == sorted(whole, reverse=True)
    paged, at = [], None
    while True:
        page = shared_api.ok(f"{JOBS}?limit=3" + (f"&continue={at}" if at else ""))
        assert len(page["items"]) <= 3
        paged += [job["id"] for job in page["items"]]
        at = page["continue"]
        if at is None:
            break
    assert paged == whole
    assert shared_api.ok("/v1/projects/other/jobs")["items"] == []


def test_a_log_can_be_followed_before_the_job_has_started(api):
    for name in ("a", "b"):
        api.submit("sleep 60", track="gpu", name=name)
    api.submit("echo at last", track="gpu", name="waits")
    answer = api.get(f"{JOBS}/waits/logs")
    assert answer.status_code == 404 and "has not started" in answer.json()["detail"]
    stream = api.stream(f"{JOBS}/waits/logs?follow=true")
    assert api.post(f"{JOBS}/a/cancel").status_code == 200
    assert stream.text.splitlines()[-1] == "at last"


def test_each_attempt_has_a_log_of_its_own(api):
    api.submit('echo here; test -e "$0" || { touch "$0"; exit 7; }', name="twice", retries={"limit": 1})
    wait_until(lambda: api.job("twice")["attempt_count"] == 2, "a second attempt")
    api.finish("twice")
    for attempt in (1, 2):
        assert "here" in api.get(f"{JOBS}/twice/logs?attempt={attempt}").text
    assert api.get(f"{JOBS}/twice/logs?attempt=3").status_code == 404


def test_an_extension_without_its_span_names_the_missing_field(shared_api):
    shared_api.submit("", name="lease", kind="session")
    answer = shared_api.post(f"{JOBS}/lease/extend", {})
    assert (answer.status_code, answer.json()["type"]) == (400, "malformed-body")
    assert answer.json()["errors"] == [{"pointer": "/by", "detail": "is missing; give a span like 1h"}]
    shared_api.post(f"{JOBS}/lease/cancel")
    shared_api.finish("lease")


def test_a_reason_is_bounded_because_each_job_that_ends_says_it(shared_api):
    answer = shared_api.post("/v1/end_all", {"reason": "x" * 257})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reason")


def test_end_all_ends_all(api):
    names = {api.submit("sleep 60", name=f"job-{i}", track="gpu")["id"] for i in range(4)}
    assert set(api.post("/v1/end_all", {"reason": "night"}).json()["items"]) == names
    for name in names:
        assert api.finish(name)["state"] == "cancelled"
