"""The scripts of examples/wildfire: scenes by seed, a detector, its gate, and the camera that an agent runs and probes."""

import json
import os
import signal
import subprocess

import pytest

from harness import ROOT, wait_until

EXAMPLE = ROOT / "examples" / "wildfire"
# Enough to tell a plume from a clear or clouded sky, in seconds; ./run and bench/run train on all scenes.
SMALL = {"TRAIN_SCENES": "40"}
SMALL_GATE = {"GATE_FIRES": "4", "GATE_DAYS": "0.1"}


@pytest.fixture(scope="module")
def run_python(example_python):
    def run(*arguments, **environment):
        return subprocess.run(
            [example_python, *arguments],
            env={"PATH": os.environ["PATH"], **environment},
            cwd=EXAMPLE,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture(scope="module")
def models(run_python, tmp_path_factory):
    """A folder with a model trained on few scenes, exported and quantised by a gate that lets it pass."""
    folder = tmp_path_factory.mktemp("wildfire")
    folders = {"DURU_INPUTS": str(folder), "DURU_OUTPUTS": str(folder)}
    trained = run_python("train.py", **folders, **SMALL)
    assert trained.returncode == 0, trained.stderr
    gated = run_python("quantize.py", **folders, **SMALL_GATE, FLOOR_RECALL="0", BUDGET="1000")
    assert gated.returncode == 0, gated.stderr
    return folder


@pytest.fixture
def camera(example_python, models, tmp_path):
    """Starts a camera; gives (process, file of events, file of status). Ended after the test."""
    started = []

    def start(**environment):
        events, status = tmp_path / "events", tmp_path / "status"
        variables = {"DURU_EVENTS": str(events), "DURU_STATUS": str(status), "MODEL": str(models / "model-int8.onnx")}
        started.append(
            subprocess.Popen(
                [example_python, EXAMPLE / "camera.py"],
                env={"PATH": os.environ["PATH"], **variables, **environment},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        return started[-1], events, status

    yield start
    for process in started:
        process.kill()
        process.wait()


def probe(status):
    return subprocess.run(
        [EXAMPLE / "probe.sh"],
        env={"PATH": os.environ["PATH"], "DURU_STATUS": str(status)},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_a_scene_is_the_same_for_the_same_seed_and_another_for_another(run_python):
    program = """
import hashlib, scene
def digest(seed, number):
    frame = scene.Scene(seed, ignite_at_frame=5).frame(number)
    assert frame.luma.shape == (360, 640) and frame.u.shape == frame.v.shape == (180, 320)
    return hashlib.sha256(b"".join(plane.tobytes() for plane in frame[:3])).hexdigest()
# The same frame whether or not those before it were made.
print(digest(7, 30), digest(7, 30), digest(8, 30), digest(7, 31))
"""
    first, again, other_seed, next_frame = run_python("-c", program).stdout.split()
    assert first == again
    assert len({first, other_seed, next_frame}) == 3


def test_a_place_at_the_rim_of_the_picture_has_no_vote_and_one_further_in_has(run_python):
    program = """
import numpy
from detector import VOTES, WARM_UP, Vote
for place in ((0, 40), (22, 79), (44, 2), (22, 40)):
    vote = Vote()
    for _ in range(WARM_UP + VOTES):
        score, peak = vote.next([place], numpy.array([10.0]))
    print(score, peak == place)
"""
    done = run_python("-c", program)
    assert done.stdout.split("\n")[:4] == ["0.0 False"] * 3 + ["1.0 True"], done.stdout + done.stderr


def test_a_plume_raises_one_alarm_that_points_at_it_and_neither_the_same_hill_nor_an_overcast_one_raises_any(run_python, models):
    program = f"""
import scene, watch
from detector import Detector, Model
model = Model({str(models / "model-int8.onnx")!r})
for seed, ignite_at in ((200006, 24), (200006, None), (200008, None)):
    watched = scene.Scene(seed, start_s=46000, ignite_at_frame=ignite_at)
    detector = Detector(model)
    for number in range(60):
        frame = watched.frame(number)
        sighting = detector.next(frame)
        if sighting.raised:
            print(seed, ignite_at, number, watch.points_at_smoke(frame, sighting.peak))
"""
    done = run_python("-c", program)
    alarms = [line.split() for line in done.stdout.splitlines()]
    assert len(alarms) == 1, done.stdout + done.stderr
    seed, ignite_at, number, points_at_smoke = alarms[0]
    assert (seed, ignite_at, points_at_smoke) == ("200006", "24", "True")
    assert 24 < int(number) < 45


def test_a_model_that_never_saw_what_looks_like_smoke_is_stopped_by_the_gate(run_python, tmp_path):
    folders = {"DURU_INPUTS": str(tmp_path), "DURU_OUTPUTS": str(tmp_path)}
    assert run_python("train.py", **folders, TRAIN_SCENES="8", TRAIN_CONFUSERS="no").returncode == 0
    gated = run_python("quantize.py", **folders, **SMALL_GATE, FLOOR_RECALL="0.8", BUDGET="1.0")
    assert gated.returncode == 1
    assert "gate FAILED" in gated.stdout and "misses its floor" in gated.stderr
    gate = json.loads((tmp_path / "gate.json").read_text())
    assert gate["passed"] is False and gate["synthetic"] is True


def test_the_threshold_uses_the_budget_of_false_alarms_and_leaves_most_of_the_range_to_recall(run_python):
    program = """
import watch
# A day in which two glints are false alarms up to 0.395, and a fire that is found up to 0.705.
day = watch.Trace(1, None, [0.0, 0.395] * 2 + [0.0] * (5760 - 4), [False] * 5760)
fire = watch.Trace(2, 0, [0.0, 0.705], [False, True])
print(watch.best_threshold([day, fire], budget=1.0, floor=0.9)[0])
"""
    done = run_python("-c", program)
    assert 0.40 < float(done.stdout) <= 0.50, done.stdout + done.stderr


def test_the_exported_model_holds_only_operators_that_npu_compilers_take_and_the_gate_judges_int8(models):
    gate = json.loads((models / "gate.json").read_text())
    assert gate["operators"] == ["Conv", "Relu"]
    assert 0 <= gate["model-int8.onnx"]["recall"] <= 1
    assert (models / "model-int8.onnx").stat().st_size < 200_000


def test_a_camera_counts_its_frames_reports_a_fire_once_and_ends_when_told(camera):
    process, events, status = camera(DURU_NODE="cam-06", IGNITE_AT_FRAME="24", FRAMES_PER_SECOND="0", FRAMES="80")
    wait_until(events.exists, "an alarm", 60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert lines[0]["kind"] == "alarm" and lines[0]["synthetic"] is True
    assert lines[0]["scene_seed"] >= 200006, "the number that ends the name of the node is the first scene"
    assert lines[0]["truth"] in ("smoke", "none") and len(lines[0]["box"]) == 4
    counted = json.loads(status.read_text())
    assert counted["alarms"] == len(lines)
    assert counted["inferences"] == counted["frames"] > 0
    assert counted["scene_seconds"] == 15 * counted["frames"]


def test_the_probe_passes_while_frames_grow_and_fails_with_the_reason_when_they_stall(camera):
    process, _, status = camera(FRAMES_PER_SECOND="20")
    wait_until(lambda: status.exists() and json.loads(status.read_text())["frames"] > 0, "frames", 60)
    well = probe(status)
    assert well.returncode == 0, well.stderr
    process.send_signal(signal.SIGSTOP)
    stalled = probe(status)
    assert stalled.returncode == 1
    assert "no frame since" in stalled.stderr or "last written" in stalled.stderr


def test_a_camera_whose_model_does_not_load_ends_and_its_probe_says_that_nothing_is_watched(camera, tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    process, _, status = camera(MODEL=str(tmp_path / "broken.onnx"))
    assert process.wait(60) != 0
    sick = probe(status)
    assert sick.returncode == 1 and "has not begun to watch" in sick.stderr


def test_the_figures_of_an_evaluation_are_lines_that_say_synthetic(run_python, models):
    done = run_python("evaluate.py", str(models), "--quick")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(line["bench"] == "wildfire" and line["synthetic"] is True for line in lines)
    figures = {(line["figure"], line["model"]) for line in lines}
    for model in ("float32", "int8"):
        assert {(name, model) for name in ("false_alarms_per_camera_day", "recall", "frames_per_second")} <= figures
