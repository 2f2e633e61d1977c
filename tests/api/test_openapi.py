"""docs/openapi.yaml and the running server: every path and method is there and no other, and every answer is as described.

The first test takes a walk through all of the API; what it saw is checked by the others.
"""

import json
import re
import time

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource

from api.client import JOBS
from harness import ROOT, wait_until

DOCUMENT = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())
REGISTRY = Registry().with_resource("urn:openapi", Resource.from_contents({"$schema": "https://json-schema.org/draft/2020-12/schema"} | DOCUMENT))
METHODS = ("get", "post", "delete", "put", "patch")


def operations():
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def resolve(node):
    while "$ref" in node:
        target = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def absolute(node):
    """The schema with its references into the document."""
    if isinstance(node, dict):
        return {k: f"urn:openapi{v}" if k == "$ref" else absolute(v) for k, v in node.items()}
    return [absolute(part) for part in node] if isinstance(node, list) else node


def validate(schema, value):
    jsonschema.Draft202012Validator(absolute(schema), registry=REGISTRY).validate(value)


def operation_of(method, path):
    """The operation that a path belongs to: literal segments win."""
    path = path.partition("?")[0]
    best = None
    for pattern, item in DOCUMENT["paths"].items():
        if method.lower() in item and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", pattern), path):
            if best is None or pattern.count("{") < best.count("{"):
                best = pattern
    assert best, f"{method} {path} is not described"
    return best, DOCUMENT["paths"][best][method.lower()]


class Walk:
    """Asks, and holds each answer to the description."""

    def __init__(self, api):
        self.api = api
        self.answers = []  # (path pattern, method, status)

    def __call__(self, method, path, status, body=None, data=None, headers=None, token=None):
        if token is not None:
            answer = self.api.server.api(method, path, body, headers=headers, token=token)
        elif data is not None:
            answer = self.api.raw(method, path, data, headers)
        else:
            answer = self.api.server.api(method, path, body, headers=headers)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        pattern, operation = operation_of(method, path)
        self.answers.append((pattern, method.lower(), status))
        described = operation["responses"].get(str(status))
        assert described, f"{method} {pattern} may answer {status}, says nobody"
        content = resolve(described).get("content")
        if content is None:
            assert not answer.content
            return None
        kind = answer.headers["Content-Type"].partition(";")[0]
        assert kind in content, f"{method} {pattern} answers with {kind}"
        if not kind.endswith("json"):
            return answer.content
        validate(content[kind]["schema"], answer.json())
        if body is not None and status < 300:
            validate(operation["requestBody"]["content"]["application/json"]["schema"], body)
        return answer.json()




def walk_jobs(walk):
    digest = walk("POST", "/v1/projects/default/artifacts", 201, data=b"echo hello; echo out > $DURU_OUTPUTS/out")["digest"]
    walk("GET", f"/v1/projects/default/artifacts/{digest}", 200)
    walk("GET", f"/v1/projects/default/artifacts/{'0' * 64}", 404)
    spec = {
        "name": "first", "kind": "train", "track": "gpu", "command": ["sh", "run.sh"], "cpu": "0.5", "memory": "1MiB",
        "files": [{"path": "run.sh", "digest": digest}], "outputs": ["out"], "time_limit": "1m", "env": {"A": "b"},
    }
    walk("POST", JOBS, 201, spec)
    walk.api.wait("first", "succeeded")
    walk("POST", JOBS, 201, {"items": [
        {"name": "next", "command": ["true"], "inputs": {"in": "first/out"}, "variants": [{"chip": "aries"}]},
        {"name": "last", "command": ["sh", "-c", "exit 3"], "after": ["next"], "retries": {"limit": 1}},
    ]})
    walk("POST", JOBS, 201, {"name": "lease", "kind": "session", "track": "gpu", "time_limit": "10m"})
    walk("POST", JOBS, 201, {"name": "gang", "track": "gpu", "command": ["true"], "tasks": 2})
    walk("POST", JOBS, 201, {"name": "waits", "track": "gpu", "command": ["true"], "amount": 2})
    walk("GET", f"{JOBS}/waits", 200)
    walk("POST", JOBS, 400, {"name": 1})
    walk("POST", JOBS, 422, {"command": ["true"], "after": ["nobody"]})
    walk("POST", JOBS, 409, {"command": ["true"], "track": "gpu", "amount": 99})
    walk("POST", JOBS, 409, {"name": "lease", "command": ["true"]})
    walk("POST", JOBS, 422, {"command": []})
    walk("POST", f"{JOBS}/lease/extend", 200, {"by": "1h"})
    walk("POST", f"{JOBS}/lease/extend", 400, {"by": 1})
    walk("POST", f"{JOBS}/lease/extend", 400, {})
    walk("POST", f"{JOBS}/gang/extend", 409, {"by": "1h"})
    walk("POST", f"{JOBS}/lease/cancel", 200, {})
    walk("POST", f"{JOBS}/nobody/cancel", 404, {})
    walk.api.finish("lease")
    walk.api.finish("waits")
    assert walk.api.finish("last")["exit_code"] == 3
    for name in ("first", "last", "lease", "waits"):
        walk("GET", f"{JOBS}/{name}", 200)
    walk("GET", f"{JOBS}/nobody", 404)
    assert b"hello" in walk("GET", f"{JOBS}/first/logs?follow=true", 200)
    walk("GET", f"{JOBS}/first/logs?task=7", 404)
    walk("GET", f"{JOBS}/first/logs?task=x", 400)
    walk("GET", f"{JOBS}?limit=2", 200)
    walk("GET", f"{JOBS}?state=succeeded,failed", 200)
    walk("GET", f"{JOBS}?state=over", 400)
    walk("GET", "/v1/projects/default/attempts", 200)
    walk("GET", "/v1/usage", 200)
    walk("GET", "/v1/usage?to=now", 400)


def walk_fleet(walk):
    node = walk("GET", "/v1/nodes", 200)["items"][0]["name"]
    walk("GET", f"/v1/nodes/{node}", 200)
    walk("GET", "/v1/nodes/nobody", 404)
    walk("GET", "/v1/nodes?limit=0", 400)
    walk("POST", f"/v1/nodes/{node}/cordon", 200, {"reason": "a new fan"})
    walk("POST", f"/v1/nodes/{node}/uncordon", 200, {})
    walk("POST", f"/v1/nodes/{node}/drain", 200, {"grace": "1s"})
    walk("POST", f"/v1/nodes/{node}/drain", 400, {"grace": True})
    walk("GET", "/v1/accelerators", 200)
    walk("POST", f"/v1/accelerators/{node}/0/mark", 200, {"healthy": False, "reason": "it smells"})
    walk("POST", f"/v1/accelerators/{node}/0/mark", 422, {"healthy": False})
    walk("GET", f"/v1/accelerators/{node}/0", 200)
    walk("GET", f"/v1/accelerators/{node}/99", 404)
    walk("GET", "/v1/chips", 200)
    walk("GET", "/v1/sites", 200)
    walk("POST", "/v1/end_all", 200, {"reason": "the day is over"})
    walk("DELETE", f"/v1/nodes/{node}", 204)
    walk("DELETE", f"/v1/nodes/{node}", 404)


def walk_field(walk):
    code = walk("POST", "/v1/enrolments", 201, {"labels": {"site": "ridge"}, "valid_for": "10m"})["code"]
    walk("POST", "/v1/enrolments", 422, {"valid_for": "1d", "labels": {"": "x"}})
    credential = "ab" * 32
    enrol = {"code": code, "node": "cam-1", "credential": credential, "chip": "dx-m1", "accelerators": 1, "emulated": True,
             "cpu": 1, "memory": "1GiB"}
    walk("POST", "/v1/field/enrol", 400, {})
    walk("POST", "/v1/field/enrol", 403, enrol | {"code": "none"})
    walk("POST", "/v1/field/enrol", 200, enrol)
    digest = walk("POST", "/v1/projects/default/artifacts", 201, data=b"echo smoke")["digest"]
    fleet = {"name": "cams", "selector": {"site": "ridge"}, "cpu": "0.5", "heartbeat": "10s"}
    release = {"name": "smoke-1", "files": [{"path": "run.sh", "digest": digest}], "command": ["sh", "run.sh"],
               "probe": {"command": ["true"]}, "chips": ["dx-m1"]}
    rollout = {"name": "first", "fleet": "cams", "release": "smoke-1", "waves": [{"count": 1}], "bake": "1h"}
    walk("POST", "/v1/apply", 200, {"fleets": [fleet], "releases": [release], "rollouts": [rollout]})
    walk("POST", "/v1/apply", 409, {"releases": [release | {"command": ["other"]}]})
    for path in ("/v1/fleets", "/v1/releases", "/v1/rollouts"):
        assert walk("GET", path, 200)["items"]
    walk("GET", "/v1/rollouts/none", 404)
    assert walk("GET", "/v1/rollouts/first", 200)["behind_count"] == 1

    def sync(**more):
        return walk("POST", "/v1/field/sync", 200, {"boot_id": "b", "uptime": "1m"} | more, token=credential)

    walk("POST", "/v1/field/sync", 401, {}, token="nobody")
    current = wait_until(lambda: sync()["revision"], "the node is told its revision")["current"]
    blobs = "/v1/field/blobs/"
    walk("GET", blobs + current["digest"], 200, token=credential)
    walk("GET", blobs + digest, 206, token=credential, headers={"Range": "bytes=4-"})
    walk("GET", blobs + digest, 416, token=credential, headers={"Range": "bytes=400-"})
    walk("GET", blobs + "0" * 64, 403, token=credential)
    event = {"number": 1, "body": '{"kind": "smoke"}', "age": "3s"}
    assert sync(revision=1, phase="serving", serving="smoke-1", events=[event])["events_through"] == 1
    assert walk("GET", "/v1/events?node=cam-1", 200)["items"][0]["body"] == {"kind": "smoke"}
    walk("GET", "/v1/events?order=x", 400)
    assert walk("GET", "/v1/nodes/cam-1", 200)["field"]["link"] == "online"
    for verb in ("pause", "resume", "stop"):
        walk("POST", f"/v1/rollouts/first/{verb}", 200, {})
    spare = release | {"name": "smoke-0"}
    walk("POST", "/v1/apply", 200, {"releases": [spare]})
    walk("DELETE", "/v1/releases/smoke-0", 204)
    walk("DELETE", "/v1/releases/smoke-0", 404)
    walk("DELETE", "/v1/releases/smoke-1", 409)
    walk("POST", "/v1/end_nodes", 200, {})
    walk("POST", "/v1/nodes/cam-1/revoke", 204, {"reason": "the day is over"})
    walk("POST", "/v1/field/sync", 401, {}, token=credential)


@pytest.fixture(scope="module")
def walk(shared_api):
    walk = Walk(shared_api)
    for path in ("/healthz", "/readyz", "/metrics", "/v1/version"):
        walk("GET", path, 200)
    walk_jobs(walk)
    walk_fleet(walk)
    walk_field(walk)
    walk("GET", "/v1/watch", 400)
    return walk


def test_the_document_is_what_openapi_says_it_is():
    assert DOCUMENT["openapi"].startswith("3.1")
    for name, schema in DOCUMENT["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        if "required" in schema and "properties" in schema:
            assert set(schema["required"]) <= set(schema["properties"]), name
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids))


def test_every_operation_was_asked_and_answered_as_described(walk):
    asked = {(pattern, method) for pattern, method, _ in walk.answers}
    assert asked == {(path, method) for path, method, _ in operations()}


def test_the_server_knows_the_described_methods_of_each_path_and_no_other(shared_api):
    credential = "cd" * 32
    code = shared_api.post("/v1/enrolments").json()["code"]
    shared_api.post("/v1/field/enrol", {"code": code, "credential": credential})
    for path, item in DOCUMENT["paths"].items():
        concrete = re.sub(r"\{[^}]+\}", "x", path)
        answer = shared_api.server.api("TRACE", concrete, token=credential if path.startswith("/v1/field/") else None)
        assert answer.status_code == 405, f"{path}: {answer.status_code}"
        allowed = {method.strip().lower() for method in answer.headers["Allow"].split(",")} - {"head"}
        assert allowed == {method for method in METHODS if method in item}, path


def test_what_is_described_for_every_problem_is_an_answer_of_the_server(walk):
    statuses = {status for _, _, status in walk.answers}
    assert {200, 201, 204, 400, 404, 409, 422} <= statuses


def test_all_but_health_asks_for_the_token(shared_api):
    for path, method, operation in operations():
        concrete = re.sub(r"\{[^}]+\}", "x", path)
        answer = shared_api.server.api(method.upper(), concrete, token="")
        assert (answer.status_code == 401) == (operation.get("security") != []), f"{method} {path}"
        if answer.status_code == 401:
            validate({"$ref": "#/components/schemas/Problem"}, answer.json())


def test_jobs_have_the_fields_of_the_record_of_the_schema_and_of_the_job_file(walk):
    api = walk.api
    described = set(DOCUMENT["components"]["schemas"]["JobSpec"]["properties"])
    answered = set(api.ok(f"{JOBS}/first")["spec"])
    job_file = json.loads((ROOT / "docs" / "job.schema.json").read_text())
    assert described == answered == set(job_file["$defs"]["job"]["properties"])
    unknown = api.post(JOBS, {"no_such_field": 1}).json()["errors"][0]["detail"]
    assert described == set(unknown.partition("known are ")[2].split(", "))


def test_objects_are_listed_with_exactly_their_described_fields(walk):
    for path, schema in (
        (JOBS, "JobObject"), ("/v1/projects/default/attempts", "AttemptObject"), ("/v1/chips", "ChipObject"), ("/v1/sites", "SiteObject"),
        ("/v1/fleets", "FleetObject"), ("/v1/releases", "ReleaseObject"), ("/v1/rollouts", "RolloutObject"), ("/v1/events", "EventObject"),
        ("/v1/nodes", "NodeObject"),
    ):
        items = walk.api.ok(path)["items"]
        assert items, path
        for item in items:
            assert list(item) == DOCUMENT["components"]["schemas"][schema]["required"]
            assert set(item) == set(DOCUMENT["components"]["schemas"][schema]["properties"])


def test_a_watch_sends_objects_as_they_are_described(walk):
    position = f"{walk.api.ok('/v1/version')['installation']}.1.0"
    schemas = {"jobs": "JobObject", "nodes": "NodeObject", "accelerators": "AcceleratorObject", "attempts": "AttemptObject",
               "fleets": "FleetObject", "releases": "ReleaseObject", "rollouts": "RolloutObject"}
    answer = walk.api.stream(f"/v1/watch?kind={','.join(schemas)}", {"Last-Event-ID": position})
    assert answer.headers["Content-Type"] == "text/event-stream"
    seen, kind, deadline = set(), None, time.monotonic() + 20
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data = json.loads(line.removeprefix("data: "))
            if kind == "deleted":
                assert set(data) == {"kind", "name", "id"}
            else:
                validate({"$ref": f"#/components/schemas/{schemas[kind]}"}, data)
            seen.add(kind)
        assert time.monotonic() < deadline, f"only {seen} came"
        if {"jobs", "attempts", "fleets", "releases", "rollouts", "deleted"} <= seen:
            break
    answer.close()
