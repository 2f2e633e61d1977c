"""A server and its nodes, both real: enrolment, rollouts, events, and what a restart or a cut leaves as it was."""

import subprocess

import pytest

from harness import wait_until


def rollout(server, name):
    return server.json("get", "rollout", name)


def wait_for(server, name, state, deadline_s=40.0):
    def reached():
        return rollout(server, name)["state"] == state

    wait_until(reached, f"rollout {name} {state}", deadline_s)


def field_of(server, node):
    return server.json("get", "node", node)["field"]


@pytest.fixture
def three(new_camera):
    cameras = [new_camera(f"cam-{i}") for i in (1, 2, 3)]
    for camera in cameras:
        camera.run("--ephemeral")
    return cameras


def test_a_release_reaches_every_node_in_waves_and_its_alarms_come_once(server, three, field_file):
    applied = server.cli("apply", "-f", field_file("smoke-1")).stdout
    assert applied.splitlines() == [
        "fleet/cams  unchanged", "release/smoke-1  created", "rollout/smoke-1-to-all  created  running"
    ]
    wait_for(server, "smoke-1-to-all", "completed")
    for name in ("cam-1", "cam-2", "cam-3"):
        field = field_of(server, name)
        assert (field["release"], field["link"], field["phase"]) == ("smoke-1", "online", "serving")
    wait_until(lambda: len(server.json("get", "events")["items"]) == 3, "three alarms")
    seen = {(event["node"], event["number"]) for event in server.json("get", "events")["items"]}
    assert seen == {("cam-1", 1), ("cam-2", 1), ("cam-3", 1)}
    assert "smoke" in server.cli("events", "--node", "cam-2").stdout
    # The chips are held: a job for them waits, or has no place.
    states = {a["node"]: a["state"] for a in server.json("get", "accelerators")["items"]}
    assert states["cam-1"] == "used"


def test_alarms_are_followed_over_a_restart_of_the_server(server, new_camera, field_file, tmp_path):
    new_camera("cam-1").run("--ephemeral")
    shown = tmp_path / "shown"
    follow = [server.binary, "--data", server.data, "events", "-f"]
    with shown.open("wb") as out, subprocess.Popen(follow, env=server.environment, stdout=out) as follower:
        try:
            server.cli("apply", "-f", field_file("smoke-1"))
            wait_until(lambda: "  cam-1  1  " in shown.read_text(), "the first alarm")
            wait_for(server, "smoke-1-to-all", "completed")
            server.kill()
            server.up()
            server.cli("apply", "-f", field_file("smoke-2"))
            wait_until(lambda: "  cam-1  2  " in shown.read_text(), "the second alarm")
            assert len(shown.read_text().splitlines()) == 2
        finally:
            follower.kill()


def test_a_bad_release_stops_after_its_first_wave_and_goes_back(server, three, field_file):
    server.cli("apply", "-f", field_file("smoke-1"))
    wait_for(server, "smoke-1-to-all", "completed")
    server.cli("apply", "-f", field_file("smoke-2", probe="#!/bin/sh\nexit 1\n"))
    wait_for(server, "smoke-2-to-all", "returned")
    detail = server.json("describe", "rollout", "smoke-2-to-all")
    assert [wave["state"] for wave in detail["waves"]] == ["failed", "skipped"]
    wait_until(
        lambda: all(field_of(server, f"cam-{i}")["release"] == "smoke-1" for i in (1, 2, 3)), "every node to serve smoke-1"
    )
    assert "FAILURES-ALLOWED" in server.cli("describe", "rollout", "smoke-2-to-all").stdout


def test_the_field_outlives_its_server(server, three, field_file):
    server.cli("apply", "-f", field_file("smoke-1"))
    wait_for(server, "smoke-1-to-all", "completed")
    server.kill()
    server.up()
    assert field_of(server, "cam-1")["link"] in ("unknown", "online")
    wait_until(lambda: field_of(server, "cam-1")["link"] == "online", "cam-1 to report again")
    assert field_of(server, "cam-1")["counters"]["restarts"] == 0
    assert server.cli("journal", "verify").returncode == 0


def test_a_node_that_says_nothing_is_late_then_lost_and_comes_back(server, three, field_file):
    server.cli("apply", "-f", field_file("smoke-1"))
    wait_for(server, "smoke-1-to-all", "completed")
    three[0].kill()
    wait_until(lambda: field_of(server, "cam-1")["link"] == "lost", "cam-1 to be lost")
    wait_until(lambda: server.json("get", "node", "cam-1")["state"] == "down", "cam-1 to be down")
    three[0].run("--ephemeral")
    wait_until(lambda: server.json("get", "node", "cam-1")["state"] == "ready", "cam-1 to be back")


def test_a_revoked_node_has_no_place_any_more(server, three, field_file):
    server.cli("apply", "-f", field_file("smoke-1"))
    wait_for(server, "smoke-1-to-all", "completed")
    server.cli("revoke", "node", "cam-1", "--reason", "stolen")
    assert field_of(server, "cam-1")["link"] == "revoked"

    def freed():
        return all(a["state"] == "revoked" for a in server.json("get", "accelerators")["items"] if a["node"] == "cam-1")

    wait_until(freed, "its accelerator to be held no more")
    server.cli("revoke", "node", "cam-1", "--remove")
    assert server.cli("get", "node", "cam-1", check=False).returncode == 3


def test_down_all_ends_the_nodes_that_came_with_the_server(server, three, field_file):
    server.cli("apply", "-f", field_file("smoke-1"))
    wait_for(server, "smoke-1-to-all", "completed")
    server.cli("down", "--all")
    for camera in three:
        assert camera.process.wait(timeout=20) == 0


def test_a_release_key_that_is_gone_is_not_made_anew_while_nodes_trust_the_old_one(server, three):
    server.down()
    key = server.data / "release.key"
    kept = key.read_bytes()
    key.unlink()
    refused = server.cli("up", "--detach", check=False)
    assert refused.returncode != 0 and "release.key is missing; put it back from a backup" in refused.stderr
    assert not key.exists()
    key.write_bytes(kept)
    server.cli("up", "--detach")
    wait_until(lambda: field_of(server, "cam-1")["link"] == "online", "cam-1 to be heard again")


def test_a_stranger_cannot_make_the_server_hold_large_bodies(server):
    answer = server.api("POST", "/v1/field/enrol", {"code": "x" * 9000}, token="")
    assert answer.status_code == 413


def test_a_release_with_more_files_than_a_manifest_holds_is_refused_at_once(server):
    digest = server.api("POST", "/v1/projects/default/artifacts", "a file").json()["digest"]
    files = [{"path": f"{'x' * 150}{i}", "digest": digest} for i in range(6000)]
    release = {"name": "huge", "files": files, "command": ["x"], "chips": ["dx-m1"], "probe": {"command": ["x"]}}
    answer = server.api("POST", "/v1/apply", {"releases": [release]})
    assert answer.status_code == 422 and "manifest would have" in answer.json()["detail"]
    assert "huge" not in server.cli("get", "releases").stdout
