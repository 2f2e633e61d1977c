"""The test runner itself: nothing that failed, crashed, hung or never ran may count as passed."""

import os
import subprocess
import sys

import pytest

from harness import ROOT, wait_until
from harness.server import is_alive

sys.path.insert(0, str(ROOT / "tools"))
import lane_kinds

JUNIT = """<testsuites><testsuite>
<testcase name="adds" classname="Sum" status="run" result="completed"/>
{more}
</testsuite></testsuites>"""
FAILURE = '<testcase name="ends" classname="Sum" status="run"><failure message="1 is not 2">1 is not 2</failure></testcase>'
SKIPPED = '<testcase name="waits" classname="Sum" status="run" result="skipped"><skipped/></testcase>'


@pytest.fixture
def program(tmp_path):
    """Makes a program that says and writes what a GoogleTest program would: {results} is its XML file."""

    def make(script):
        path = tmp_path / "sum_test"
        path.write_text('#!/bin/bash\nresults=${1#--gtest_output=xml:}\n' + script)
        path.chmod(0o755)
        return path

    return make


def run(path, tmp_path, timeout_s=60):
    lane = lane_kinds.GtestLane("sum_test", path)
    lane.timeout_s = timeout_s
    return lane.run(tmp_path)


def test_passed_and_skipped_cases_are_counted_apart(program, tmp_path):
    result = run(program(f"cat > $results <<'END'\n{JUNIT.format(more=SKIPPED)}\nEND\n"), tmp_path)
    assert str(result) == "1 passed, 0 failed, 1 skipped"


def test_a_failed_case_is_shown_with_its_text_and_how_to_repeat_it(program, tmp_path):
    result = run(program(f"cat > $results <<'END'\n{JUNIT.format(more=FAILURE)}\nEND\nexit 1\n"), tmp_path)
    assert str(result) == "1 passed, 1 failed"
    assert "1 is not 2" in result.failures[0]
    assert "--gtest_filter='Sum.ends'" in result.failures[0]


def test_a_crash_counts_once_beside_what_had_passed_and_names_the_test_it_died_in(program, tmp_path):
    script = "echo '[ RUN      ] Sum.adds'; echo '[       OK ] Sum.adds'; echo '[ RUN      ] Sum.ends'; kill -SEGV $$"
    result = run(program(script), tmp_path)
    assert str(result) == "1 passed, 1 failed"
    assert "died of SIGSEGV in Sum.ends" in result.failures[0]


def test_a_program_that_exits_badly_after_passing_counts_as_failed(program, tmp_path):
    result = run(program(f"cat > $results <<'END'\n{JUNIT.format(more='')}\nEND\nexit 3\n"), tmp_path)
    assert str(result) == "1 passed, 1 failed"
    assert "exited with 3" in result.failures[0]


def test_a_program_that_runs_no_test_counts_as_failed(program, tmp_path):
    result = run(program("echo '<testsuites/>' > $results"), tmp_path)
    assert str(result) == "0 passed, 1 failed"
    assert "ran no test" in result.failures[0]


def test_results_that_break_off_count_as_failed(program, tmp_path):
    result = run(program("echo '<testsuites><testsuite><testcase name=' > $results"), tmp_path)
    assert str(result) == "0 passed, 1 failed"


def test_a_program_that_hangs_is_ended_with_its_children_and_counts_once(program, tmp_path):
    script = f"sleep 1000 & echo $! > {tmp_path}/child; wait"
    result = run(program(script), tmp_path, timeout_s=1)
    assert str(result) == "0 passed, 1 failed"
    assert "did not end within 1 s" in result.failures[0]
    child = int((tmp_path / "child").read_text())
    # It is killed, and gone as soon as the kernel gets to it.
    wait_until(lambda: not is_alive(child), "the child is gone")


def test_a_program_that_cannot_be_started_counts_as_failed(tmp_path):
    result = run(tmp_path / "missing_test", tmp_path)
    assert str(result) == "0 passed, 1 failed"


@pytest.mark.parametrize(
    "last_line, exit_code, expected",
    [
        ("5 passed, 0 failed", 0, "5 passed, 0 failed"),
        ("5 passed, 1 failed, 2 skipped", 1, "5 passed, 1 failed, 2 skipped"),
        ("5 passed, 0 failed", 1, "5 passed, 1 failed"),
        ("something else", 0, "0 passed, 1 failed"),
    ],
)
def test_a_program_of_ours_is_believed_only_when_its_last_line_and_exit_code_agree(
    tmp_path, last_line, exit_code, expected
):
    lane = lane_kinds.SummaryLane("tidy", ["/bin/sh", "-c", f"echo '{last_line}'; exit {exit_code}"])
    assert str(lane.run(tmp_path)) == expected


PYTEST_FILE = """
import pytest
def test_passes(): pass
def test_fails(): assert 1 == 2
@pytest.mark.skip(reason="later")
def test_skipped(): pass
@pytest.fixture
def clumsy():
    yield
    raise RuntimeError("clean-up")
def test_fails_twice(clumsy): assert 3 == 4
"""


def test_a_pytest_lane_counts_a_test_once_that_fails_in_its_body_and_its_clean_up(tmp_path):
    (tmp_path / "test_sum.py").write_text(PYTEST_FILE)
    result = lane_kinds.PytestLane("sum", [tmp_path]).run(tmp_path)
    assert str(result) == "1 passed, 2 failed, 1 skipped"
    assert "assert 1 == 2" in result.failures[0]


def test_a_test_file_that_cannot_be_read_counts_as_failed(tmp_path):
    (tmp_path / "test_sum.py").write_text("import no_such_module")
    result = lane_kinds.PytestLane("sum", [tmp_path]).run(tmp_path)
    assert str(result) == "0 passed, 1 failed"
    assert "no_such_module" in result.failures[0]


def test_an_expression_that_matches_nothing_counts_as_failed(tmp_path):
    (tmp_path / "test_sum.py").write_text("def test_passes(): pass")
    result = lane_kinds.PytestLane("sum", [tmp_path], "no_such_test").run(tmp_path)
    assert str(result) == "0 passed, 1 failed"
    assert "ran no test" in result.failures[0]


def lanes(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "lanes.py", *arguments], capture_output=True, text=True, env=os.environ
    )


def test_the_list_of_names_holds_the_lanes_and_the_unit_programs():
    names = lanes("list").stdout.split()
    assert {"base_test", "examples", "lanes"} <= set(names)


def test_a_unit_program_needs_only_itself_to_be_built():
    assert lanes("targets", "base").stdout.split() == ["tests/base_test"]


def test_a_file_that_does_not_exist_is_refused_by_name():
    done = lanes("run", "tests/api/test_nothing.py")
    assert done.returncode == 2
    assert "tests/api/test_nothing.py" in done.stderr
