"""kill -9 of the agent at every step of an update: the node runs one of the two releases, and ends on the right one."""

import re

import pytest

from harness import ROOT, wait_until

HEADER = (ROOT / "src/duru/agent/fault_point.h").read_text()
POINTS = re.findall(r"^//   ([a-z_]+)  ", HEADER, re.MULTILINE)
UPDATE = POINTS[: POINTS.index("gave_up_recorded")]
# Where the old workload is gone (or going) and the new one is not there yet.
BETWEEN = {"stop_asked", "old_stopped", "switch_recorded", "run_prepared", "run_started"}
UNWELL = "#!/bin/sh\nexit 1\n"


def wait_until_dead(node, point):
    wait_until(lambda: node.process.poll() is not None, f"the agent to die at {point}")
    assert node.process.returncode == -9, f"at {point} it ended with {node.process.returncode}"


def test_every_step_of_an_update_survives_kill_9(field, node, release):
    node.run()
    old = release("r0")
    number = field.give(old)
    wait_until(lambda: field.reports(number, "serving", "r0"), "the first release")
    for step, point in enumerate(UPDATE, start=1):
        node.kill()
        node.run(die_at=point)
        new = release(f"r{step}")
        number = field.give(new, old)
        wait_until_dead(node, point)
        running = node.serving()
        allowed = [[old["name"]], [new["name"]]] + ([[]] if point in BETWEEN else [])
        assert running in allowed, f"died at {point}: {running} runs"
        node.run()
        wait_until(
            lambda: field.reports(number, "serving", new["name"]), f"{new['name']} after {point}: {field.last}"
        )
        assert node.serving() == [new["name"]], f"after {point}"
        old = new


@pytest.mark.parametrize("point", ["gave_up_recorded", "switch_recorded"])
def test_every_step_of_a_return_survives_kill_9(field, node, release, point):
    good, bad = release("good"), release("bad", probe=UNWELL, ready_within="800ms")
    node.run()
    number = field.give(good)
    wait_until(lambda: field.reports(number, "serving", "good"), "the good release")
    number = field.give(bad, good)
    wait_until(lambda: node.serving() == ["bad"], "the bad release to be tried")
    node.kill()
    node.run(die_at=point)
    wait_until_dead(node, point)
    node.run()
    wait_until(lambda: field.reports(number, "returned", "good"), f"the return after {point}: {field.last}")
    assert node.serving() == ["good"]


def test_a_release_that_was_taken_back_at_any_step_is_not_gone_on_with(field, node, release):
    old = release("old")
    node.run()
    number = field.give(old)
    wait_until(lambda: field.reports(number, "serving", "old"), "the old release")
    for step, point in enumerate(["slot_recorded", "stop_asked", "switch_recorded"]):
        node.kill()
        node.run(die_at=point)
        field.give(release(f"withdrawn-{step}"), old)
        wait_until_dead(node, point)
        number = field.give(old)
        node.run()
        wait_until(lambda: field.reports(number, "serving", "old"), f"the old release after {point}")
        assert node.serving() == ["old"]
