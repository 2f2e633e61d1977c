"""The scripts of examples/two-track, run by hand: what a task is given, and nothing of Duru."""

import csv
import json
import os
import subprocess

import pytest

from harness import ROOT

EXAMPLE = ROOT / "examples" / "two-track"


@pytest.fixture(scope="module")
def run_script(example_python):
    def run(script, inputs, outputs, **environment):
        outputs.mkdir(exist_ok=True)
        return subprocess.run(
            [example_python, EXAMPLE / script],
            env={
                "PATH": os.environ["PATH"],
                "DURU_INPUTS": str(inputs),
                "DURU_OUTPUTS": str(outputs),
                **environment,
            },
            cwd=outputs,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture(scope="module")
def passed(run_script, tmp_path_factory):
    """All three scripts run one after the other: {script: (completed process, its outputs)}."""
    folder = tmp_path_factory.mktemp("two-track")
    results, inputs = {}, folder
    for name, chip in (("train", "h100-sxm5-80gb"), ("quantize", ""), ("infer", "aries-mla100")):
        emulated = {"DURU_CHIP": chip, "DURU_EMULATED": "1"} if chip else {}
        done = run_script(f"{name}.py", inputs, folder / name, **emulated)
        assert done.returncode == 0, done.stdout + done.stderr
        results[name] = (done, folder / name)
        inputs = folder / name
    return results


def test_training_reaches_a_useful_accuracy_and_says_so_in_metrics(passed):
    metrics = json.loads((passed["train"][1] / "metrics.json").read_text())
    assert metrics["validation_accuracy_percent"] > 95


def test_the_gate_holds_int8_to_one_point_below_training(passed):
    gate = json.loads((passed["quantize"][1] / "gate.json").read_text())
    assert gate["passed"]
    assert gate["int8_accuracy_percent"] >= gate["trained_accuracy_percent"] - 1.0
    assert "gate passed" in passed["quantize"][0].stdout


def test_the_exported_model_holds_only_operators_that_npu_compilers_take(passed):
    gate = json.loads((passed["quantize"][1] / "gate.json").read_text())
    assert gate["operators"] == ["Gemm", "Relu"]


def test_every_held_out_scan_has_a_prediction_and_the_summary_counts_them(passed):
    folder = passed["infer"][1]
    with open(folder / "predictions.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    summary = json.loads((folder / "summary.json").read_text())
    assert len(rows) == summary["scans"] == 360
    assert sum(row["label"] != row["predicted"] for row in rows) == summary["wrong"]
    assert summary["accuracy_percent"] > 95


@pytest.mark.parametrize("job, chip", [("train", "h100-sxm5-80gb"), ("infer", "aries-mla100")])
def test_a_log_on_an_emulated_chip_says_in_its_second_line_that_the_times_are_the_cpus(passed, job, chip):
    line = passed[job][0].stdout.splitlines()[1]
    assert line == f"emulated accelerator: DURU_CHIP={chip}, DURU_EMULATED=1; the times are this CPU's"
    assert passed["infer"][0].stdout.count("on this CPU") == 1


def test_the_summary_of_an_emulated_chip_says_emulated(passed):
    summary = json.loads((passed["infer"][1] / "summary.json").read_text())
    assert summary["emulated"] is True
    assert summary["timed_on"] == "cpu"


def test_a_second_run_gives_the_same_model_and_the_same_predictions(passed, run_script, tmp_path):
    run_script("train.py", tmp_path, tmp_path / "train")
    run_script("quantize.py", tmp_path / "train", tmp_path / "quantize")
    run_script("infer.py", tmp_path / "quantize", tmp_path / "infer")
    for job, file in (("quantize", "model-int8.onnx"), ("quantize", "gate.json"), ("infer", "predictions.csv")):
        assert (tmp_path / job / file).read_bytes() == (passed[job][1] / file).read_bytes()


def test_a_missed_floor_fails_with_the_distance_and_leaves_the_figures(passed, run_script, tmp_path):
    done = run_script("quantize.py", passed["train"][1], tmp_path / "out", FLOOR_POINTS="-10.0")
    assert done.returncode == 1
    assert "gate FAILED" in done.stdout and "10.0 points above training" in done.stdout
    assert "misses its floor by" in done.stderr
    assert json.loads((tmp_path / "out" / "gate.json").read_text())["passed"] is False


def test_a_floor_that_is_no_number_is_named(passed, run_script, tmp_path):
    done = run_script("quantize.py", passed["train"][1], tmp_path / "out", FLOOR_POINTS="one")
    assert done.returncode == 1
    assert "FLOOR_POINTS is 'one'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_without_its_folder_says_which_variable_is_missing(example_python):
    done = subprocess.run(
        [example_python, EXAMPLE / "train.py"], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "DURU_OUTPUTS is not set" in done.stderr


def test_the_three_parts_of_the_data_together_are_all_scans_once(example_python):
    program = """
import digits, numpy
from sklearn.datasets import load_digits
parts = [scans for scans, labels in digits.split().values()]
everything = (load_digits().data / 16.0).astype(numpy.float32)
assert sorted(map(bytes, numpy.concatenate(parts))) == sorted(map(bytes, everything))
print(*map(len, parts))
"""
    done = subprocess.run([example_python, "-c", program], cwd=EXAMPLE, capture_output=True, text=True)
    assert done.stdout.split() == ["1078", "359", "360"], done.stderr
