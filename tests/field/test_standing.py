"""What an operator sees of a fleet: who serves what, who went back, who is revoked, what goes on without the server."""

import pytest

from harness import wait_until


def rows(text):
    """A table as one dict a row; no cell but the last holds a space."""
    header, *lines = text.splitlines()
    names = header.split()
    return [dict(zip(names, line.split(maxsplit=len(names) - 1))) for line in lines]


def fleet_of(server):
    return server.json("get", "fleets")["items"][0]


def wait_for(server, name, state):
    wait_until(lambda: server.json("get", "rollout", name)["state"] == state, f"rollout {name} {state}", 40)


# Well for a while, then not: long enough for a rollout without a bake to be over.
WELL_AT_FIRST = """#!/bin/sh
[ -e "$DURU_WORK/ill" ] && exit 1
exit 0
"""


@pytest.fixture
def two(new_camera):
    cameras = [new_camera(f"cam-{i}") for i in (1, 2)]
    for camera in cameras:
        camera.run("--ephemeral")
    return cameras


def test_a_node_that_went_back_after_the_rollout_is_counted_and_named(server, two, field_file):
    server.cli("apply", "-f", field_file("smoke-1", waves="[100%]"))
    wait_for(server, "smoke-1-to-all", "completed")
    assert (fleet_of(server)["serving"], fleet_of(server)["differing_count"]) == ([{"release": "smoke-1", "node_count": 2}], 0)
    server.cli("apply", "-f", field_file("smoke-2", waves="[100%]", probe=WELL_AT_FIRST))
    wait_for(server, "smoke-2-to-all", "completed")
    (two[1].data / "work" / "ill").touch()
    both = [{"release": "smoke-1", "node_count": 1}, {"release": "smoke-2", "node_count": 1}]
    wait_until(lambda: fleet_of(server)["serving"] == both, "cam-2 to go back and serve again")
    assert fleet_of(server)["differing_count"] == 1
    assert "1 × smoke-1, 1 × smoke-2" in server.cli("get", "fleets").stdout
    first, second = rows(server.cli("get", "nodes", "--fleet", "cams").stdout.replace(" (emulated)", ""))
    assert (first["WANTED"], first["SERVING"], first["PHASE"]) == ("smoke-2", "smoke-2", "serving")
    assert (second["NAME"], second["WANTED"], second["SERVING"]) == ("cam-2", "smoke-2", "smoke-1")
    assert (second["LINK"], second["PHASE"]) == ("online", "returned") and "probe" in second["DETAIL"]
    wide = server.cli("get", "nodes", "-o", "wide").stdout
    assert all(word in wide.splitlines()[0] for word in ("FLEET", "LINK", "WANTED", "SERVING", "PHASE"))


def test_a_revoked_node_looks_revoked_and_says_why(server, two):
    server.cli("revoke", "node", "cam-1", "--reason", "stolen")
    node = server.json("get", "node", "cam-1")
    assert (node["state"], node["reason"], node["accelerator_free_count"]) == ("revoked", "stolen", 0)
    assert "reason: stolen" in server.cli("describe", "node", "cam-1").stdout
    states = {a["node"]: (a["state"], a["reason"]) for a in server.json("get", "accelerators")["items"]}
    assert states["cam-1"] == ("revoked", "stolen")
    assert states["cam-2"] == ("free", "")


def test_a_job_for_a_chip_of_the_field_is_told_who_has_it(server, two):
    refused = server.cli("run", "--chip", "dx-m1", "--", "true", check=False)
    assert refused.returncode == 4
    assert "nodes of the field have dx-m1 and take no jobs" in refused.stderr


def test_down_all_says_how_many_nodes_go_on(server, new_camera):
    stays, leaves = new_camera("cam-1"), new_camera("cam-2")
    stays.run()
    leaves.run("--ephemeral")
    wait_until(
        lambda: all(server.json("get", "node", name)["field"]["link"] == "online" for name in ("cam-1", "cam-2")), "both nodes"
    )
    told = server.cli("down", "--all").stderr
    assert "1 node of the field goes on" in told
    assert leaves.process.wait(timeout=20) == 0
    assert stays.process.poll() is None


def test_a_rollout_names_the_nodes_of_its_waves_and_says_which_were_never_begun(server, two, field_file):
    server.cli("apply", "-f", field_file("smoke-1", waves="[1, 100%]", bake="1h"))
    wait_for(server, "smoke-1-to-all", "baking")
    detail = server.json("describe", "rollout", "smoke-1-to-all")
    assert [(wave["state"], wave["nodes"]) for wave in detail["waves"]] == [("baking", ["cam-1"]), ("waiting", ["cam-2"])]
    assert "wave 2: cam-2\n" in server.cli("describe", "rollout", "smoke-1-to-all").stdout
    server.cli("rollout", "stop", "smoke-1-to-all")
    detail = server.json("describe", "rollout", "smoke-1-to-all")
    assert [wave["state"] for wave in detail["waves"]] == ["stopped", "skipped"]
    # One node has it, and the fleet has not.
    assert fleet_of(server)["release"] == "" and fleet_of(server)["differing_count"] == 1


def test_events_are_as_many_as_asked_for_and_the_newest(server, two, field_file):
    server.cli("apply", "-f", field_file("smoke-1", waves="[100%]"))
    wait_until(lambda: len(server.json("get", "events")["items"]) == 2, "two alarms")
    both = server.cli("events").stdout.splitlines()
    assert server.cli("events", "--limit", "1").stdout.splitlines() == both[1:]
    times = [row["AT"] for row in rows(server.cli("get", "events").stdout)]
    assert times == sorted(times, reverse=True)
