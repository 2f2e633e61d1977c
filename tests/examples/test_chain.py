"""The chain that ./run shows, in its short form: a small model is really trained, gated and released to ten real agents."""

import os
import re
import subprocess
import sys

import pytest
import yaml

from harness import ROOT, Server, wait_until
from harness.server import processes_naming

EXAMPLE = ROOT / "examples" / "wildfire"
# A model of a few scenes, held to nothing: what is tested is its way, not how good it is.
SHORT = {
    "train-blocks": {"BLOCK_LESSONS": "12"},
    "collect-1": {"PLACE_LESSONS": "48"},
    "collect-2": {"PLACE_LESSONS": "48"},
    "train": {},
    "quantize": {},
    "rehearse-1": {"GATE_FIRES": "4", "GATE_DAYS": "0.1"},
    "rehearse-2": {"GATE_FIRES": "4", "GATE_DAYS": "0.1"},
    "gate": {"FLOOR_RECALL": "0", "BUDGET": "1000"},
}


@pytest.fixture(scope="module")
def shown(duru_binary, agent_binary, example_python, tmp_path_factory):
    """(server, folder of the cameras, what was shown) after tools/show_field.py."""
    folder = tmp_path_factory.mktemp("chain")
    path = f"{example_python.parent}{os.pathsep}{os.environ['PATH']}"
    server = Server(duru_binary, folder / "data", {"PATH": path})
    server.up("--emulate", "h100=1")
    work = folder / "cameras"
    work.mkdir()
    jobs = yaml.safe_load((EXAMPLE / "wildfire.yaml").read_text())["jobs"]
    jobs = [job | {"env": job.get("env", {}) | SHORT[job["name"]]} for job in jobs if job["name"] in SHORT]
    for job in jobs:
        job["files"] = [{"path": name, "from": str(EXAMPLE / name)} for name in job["files"]]
    file = folder / "short.yaml"
    file.write_text(yaml.safe_dump({"jobs": jobs}))
    try:
        server.cli("submit", file)
        server.cli("wait", "gate", timeout_s=600)
        show = [ROOT / "tools" / "show_field.py", "--bin", duru_binary.parent, "--data", server.data, "--work", work]
        done = subprocess.run([sys.executable, *show], capture_output=True, text=True, timeout=600, env=server.environment)
        assert done.returncode == 0, done.stdout + done.stderr
        yield server, work, done.stdout
    finally:
        server.end()
        ends = "no process of a camera lives: the agents end with the server's work, and the link with its camera"
        wait_until(lambda: not processes_naming(work), ends, 40)


def test_a_release_reaches_ten_cameras_wave_by_wave(shown):
    server, _, output = shown
    first = output.split("== a release that never")[0]
    assert re.search(r"wave 1 of 3: running; 0 serve it", first)
    assert re.search(r"wave 3 of 3: completed; 10 serve it, 0 failed", first)
    assert [node["field"]["release"] for node in nodes(server)] == ["smoke-1"] * 10


def nodes(server):
    return [node for node in server.json("get", "nodes")["items"] if node.get("field")]


def test_a_bad_release_stops_after_the_first_wave_and_goes_back_by_itself(shown):
    server, _, output = shown
    assert re.search(r"wave 1 of 3: returned; 0 serve it, 1 failed", output)
    rollout = next(item for item in server.json("get", "rollouts")["items"] if item["name"] == "smoke-2")
    assert (rollout["state"], rollout["wave"], rollout["failed_count"]) == ("returned", 1, 1)
    assert "all 10 cameras serve smoke-1" in output


def test_a_camera_that_is_cut_off_serves_on_and_its_alarm_comes_once_with_the_link(shown):
    _, _, output = shown
    assert re.search(r"\d+ alarm\(s\) waited on its disk and arrived with the link, each once", output)


def test_alarms_and_cameras_say_that_they_are_synthetic_and_emulated(shown):
    _, _, output = shown
    alarms = [line for line in output.splitlines() if " score " in line]
    assert alarms and all("(synthetic)" in line for line in alarms)
    cameras = [line for line in output.splitlines() if re.match(r"cam-\d\d  ", line)]
    assert len(cameras) == 10 and all("dx-m1 (emulated)" in line for line in cameras)


def test_the_bill_has_training_and_cameras_on_their_tracks(shown):
    server, _, _ = shown
    usage = server.json("usage")
    items = {item["job"]: item for item in usage["items"]}
    assert (items["train"]["track"], items["ridge"]["track"]) == ("gpu", "npu")
    assert items["ridge"]["service"] and items["ridge"]["emulated"]
    fleet = usage["field"][0]
    assert fleet["node_count"] == 10 and fleet["inferences"] > 0 and float(fleet["up_seconds"]) > 0
