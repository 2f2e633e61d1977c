"""The timeline at the end of ./run, drawn from the list of jobs."""

import json
import subprocess
import sys

from harness import ROOT


def job(name, ended, started="2026-11-24T23:00:00.500Z", **more):
    return {
        "name": name,
        "state": "succeeded",
        "submitted_at": "2026-11-24T23:00:00.000Z",
        "started_at": started,
        "ended_at": ended,
        "chip": "",
        "emulated": False,
        **more,
    }


def draw(*jobs):
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "timeline.py"],
        input=json.dumps({"items": jobs}),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_jobs_stand_in_the_order_of_their_ends_with_seconds_since_the_first_was_submitted():
    lines = draw(job("late", "2026-11-24T23:00:02.000Z"), job("early", "2026-11-24T23:00:01.000Z"))
    assert [line.split()[0] for line in lines] == ["job", "early", "late"]
    assert lines[1].split()[2:8] == ["0.0", "s", "0.5", "s", "1.0", "s"]
    assert lines[1].count("#") == 10 and lines[2].count("#") == 30


def test_an_emulated_chip_says_so():
    lines = draw(job("train", "2026-11-24T23:00:01.000Z", chip="h100-sxm5-80gb", emulated=True))
    assert "h100-sxm5-80gb (emulated)" in lines[1]


def test_a_job_that_never_started_has_waited_only():
    lines = draw(job("infer", "2026-11-24T23:00:01.000Z", started=None, state="cancelled"))
    assert "never" in lines[1] and "#" not in lines[1]


def test_jobs_that_have_not_ended_are_left_out():
    assert draw(job("train", None)) == ["no job has ended yet"]
