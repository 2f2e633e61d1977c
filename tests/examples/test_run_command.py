"""`./run` as a newcomer calls it."""

import re
import shlex
import shutil
import subprocess

import pytest

from harness import ROOT


def run(*arguments):
    return subprocess.run([ROOT / "run", *arguments], capture_output=True, text=True, timeout=600)


@pytest.fixture
def kept(duru_binary):
    done = run("--quick", "--keep")
    assert done.returncode == 0, done.stdout + done.stderr
    line = re.search(r"^server: (http://127\.0\.0\.1:\d+)  data: (\S+)$", done.stdout, re.MULTILINE)
    yield done.stdout, line.group(2)
    subprocess.run([duru_binary, "--data", line.group(2), "down", "--all"], check=True, capture_output=True)
    shutil.rmtree(line.group(2))


def test_run_quick_shows_logs_timeline_and_bill_and_ends_well(duru_binary):
    done = run("--quick")
    assert done.returncode == 0, done.stdout + done.stderr
    for heading in ("what the three jobs said", "timeline", "the bill"):
        assert f"== {heading}" in done.stdout
    assert "gate passed" in done.stdout
    assert done.stdout.count("emulated") >= 4


def test_run_keep_leaves_a_server_that_the_three_printed_commands_reach(kept):
    output, data = kept
    commands = [line.split("#")[0] for line in output.splitlines() if line.startswith("  ") and data in line]
    assert len(commands) == 3
    for command in commands[:2]:
        done = subprocess.run(shlex.split(command), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, command + done.stdout + done.stderr


def test_help_explains_and_a_wrong_option_is_refused():
    assert "usage: ./run " in run("--help").stdout
    wrong = run("--kep")
    assert wrong.returncode == 2 and "usage:" in wrong.stderr
