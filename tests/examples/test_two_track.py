"""The two-track example through a real server, as ./run sends it, and its gate when it fails."""

import os
from decimal import Decimal

import pytest

from harness import ROOT, Server

EXAMPLE = ROOT / "examples" / "two-track"
CLASSES = ("used", "idle", "maintenance", "failed", "foreign")


@pytest.fixture(scope="module")
def server(duru_binary, example_python, tmp_path_factory):
    # Tasks inherit the server's PATH: their `python3` is the one that has the example's packages.
    path = f"{example_python.parent}{os.pathsep}{os.environ['PATH']}"
    made = Server(duru_binary, tmp_path_factory.mktemp("two-track") / "data", {"PATH": path})
    made.up("--emulate", "h100=1,aries=1")
    yield made
    made.end()


@pytest.fixture(scope="module")
def passed(server):
    """The server after the example has run to its end."""
    server.cli("submit", EXAMPLE / "two-track.yaml")
    for job in ("train", "quantize", "infer"):
        server.cli("wait", job, timeout_s=120)
    return server


def test_one_job_file_takes_a_model_over_both_tracks_one_job_after_the_other(passed):
    jobs = {job["name"]: job for job in passed.json("get", "jobs")["items"]}
    assert set(jobs) == {"train", "quantize", "infer"}
    for job in jobs.values():
        assert (job["state"], job["exit_code"], job["attempt_count"]) == ("succeeded", 0, 1)
    assert jobs["train"]["ended_at"] <= jobs["quantize"]["started_at"]
    assert jobs["quantize"]["ended_at"] <= jobs["infer"]["started_at"]


def test_every_log_says_that_its_accelerator_is_emulated_and_the_gate_gives_its_figures(passed):
    for job in ("train", "infer"):
        lines = passed.cli("logs", job).stdout.splitlines()
        assert "is emulated" in lines[0], "the engine's own line comes before the task's"
        assert any(line.startswith("emulated accelerator: DURU_CHIP=") for line in lines)
    assert "gate passed: int8" in passed.cli("logs", "quantize").stdout


def test_the_bill_names_both_emulated_chips_and_the_five_classes_sum_to_the_capacity(passed):
    usage = passed.json("usage")
    items = {item["job"]: item for item in usage["items"]}
    assert items["train"]["track"] == "gpu" and items["infer"]["track"] == "npu"
    for job in ("train", "infer"):
        assert items[job]["emulated"] is True
        assert Decimal(items[job]["accelerator_seconds"]) > 0
        assert items[job]["energy_method"] == "modelled"
    parts = sum(Decimal(usage[f"{name}_accelerator_seconds"]) for name in CLASSES)
    assert parts == Decimal(usage["capacity_accelerator_seconds"])
    shown = passed.cli("usage").stdout
    assert "emulated" in shown and "published watts" in shown
    assert "times are this machine's CPU's" in shown


def test_a_model_below_its_floor_fails_its_job_and_nothing_that_comes_after_starts(server):
    server.cli("submit", EXAMPLE / "misses-floor.yaml")
    waited = server.cli("wait", "quantize-misses-floor", check=False, timeout_s=120)
    assert waited.returncode == 1
    gate = server.job("quantize-misses-floor")
    assert (gate["state"], gate["exit_code"]) == ("failed", 1)
    assert "gate FAILED" in server.cli("logs", "quantize-misses-floor").stdout
    # `infer` names the newest job of that name, the one that waited for the gate.
    after = server.wait_for_state("infer", "cancelled")
    assert after["reason"] == "dependency"
    assert after["attempt_count"] == 0
