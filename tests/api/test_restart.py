"""What the API shows does not depend on how the server came back: by a full replay, from a snapshot, with its history lost."""

import pytest

from api.client import JOBS, Api
from api.events import Events


@pytest.fixture
def lived_in(api):
    """A server with a past, a session that runs and work that waits; and what it shows."""
    api.submit("echo out > $DURU_OUTPUTS/out", name="done", track="gpu", outputs=["out"])
    api.finish("done")
    api.submit("exit 3", name="broken")
    api.finish("broken")
    api.submit("sleep 600", name="lease", kind="session", track="npu")
    api.wait("lease", "running")
    api.submit("true", name="waits", track="npu")
    return api


def shown(api, span):
    """All that must not change: the ended jobs' texts, the account of a span, the objects of the fleet."""
    return {
        "jobs": [job for job in api.ok(JOBS)["items"] if job["ended_at"]],
        "done": api.get(f"{JOBS}/done").text,
        "broken": api.get(f"{JOBS}/broken").text,
        "attempts": api.ok("/v1/projects/default/attempts")["items"],
        "usage": api.get(f"/v1/usage?from={span['from']}&to={span['to']}").text,
        "accelerators": api.ok("/v1/accelerators")["items"],
        "log": api.get(f"{JOBS}/broken/logs").text,
    }


def lose_history(server):
    for path in server.data.glob("history.db*"):
        path.unlink()


def damage_history(server):
    (server.data / "history.db").write_bytes(b"this is no database" * 1000)


@pytest.mark.parametrize("harm", [None, lose_history, damage_history], ids=["none", "lost", "damaged"])
@pytest.mark.parametrize("snapshot", [False, True], ids=["replay", "snapshot"])
def test_a_server_that_was_killed_shows_the_same_again(lived_in, snapshot, harm):
    api = lived_in
    span = api.ok("/v1/usage")
    before = shown(api, span)
    if snapshot:
        api.server.cli("journal", "snapshot")
        api.submit("true", name="behind-the-snapshot")
        api.finish("behind-the-snapshot")
        before = shown(api, span)
    api.server.kill()
    if harm:
        harm(api.server)
    api.server.up()
    api.wait("lease", "running")
    assert shown(api, span) == before
    # The past can still be depended on.
    answer = api.post(JOBS, {"command": ["true"], "after": ["done"], "inputs": {"in": "done/out"}})
    assert answer.status_code == 201, answer.text
    assert api.finish(answer.json()["id"])["state"] == "succeeded"


def test_a_position_from_before_a_snapshot_is_gone_and_one_behind_it_goes_on(lived_in):
    api = lived_in
    old = api.ok(JOBS)["as_of"]
    api.submit("true", name="between")
    api.finish("between")
    api.server.cli("journal", "snapshot")
    api.submit("true", name="behind")
    api.finish("behind")
    # A clean stop: the history has reached the snapshot, so the next start begins with it.
    api.server.down()
    api.server.up()
    with Events(api, "kind=jobs", old) as events:
        assert events.wait(lambda event: True).name == "gone"
    fresh = api.ok(JOBS)["as_of"]
    api.server.kill()
    api.server.up()
    with Events(api, "kind=jobs", fresh) as events:
        job = api.submit("true", name="later")
        assert events.wait(lambda event: event.data["state"] == "succeeded").data["id"] == job["id"]


def test_a_node_that_left_the_fleet_file_keeps_its_work_and_takes_no_more(new_server, tmp_path):
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text("nodes:\n- {name: n1, accelerators: {h100: 1}}\n- {name: n2, accelerators: {h100: 1}}\n- {name: n3}\n")
    server = new_server()
    server.up("--fleet", fleet)
    api = Api(server)
    api.submit("sleep 600", name="stays", track="gpu")
    api.wait("stays", "running")
    server.down()
    fleet.write_text("nodes:\n- {name: n2, accelerators: {h100: 1}}\n")
    server.up("--fleet", fleet)
    nodes = {node["name"]: (node["state"], node["reason"]) for node in api.ok("/v1/nodes")["items"]}
    assert nodes == {"n1": ("cordoned", "no longer in the fleet"), "n2": ("ready", "")}
    assert api.job("stays")["state"] == "running"
    api.post(f"{JOBS}/stays/cancel")
    api.finish("stays")
    server.down()
    server.up()
    assert [node["name"] for node in api.ok("/v1/nodes")["items"]] == ["n2"]
