"""A disk that damages the agent's own records: the node serves on or again, is heard, and says what was damaged."""

import json
import re

import pytest

from harness import wait_until

# One event in each run, which says which.
TELLS = '#!/bin/sh\necho "{\\"of\\":\\"$DURU_EVENTS\\"}" >> $DURU_EVENTS\nsleep 1000 &\nwait\n'


def serve(field, node, release, name, previous=None, **what):
    ref = release(name, **what)
    number = field.give(ref, previous)
    if not node.process:
        node.run()
    wait_until(lambda: field.reports(number, "serving", name), f"{name} to be served; last {field.last}")
    return ref


def runs(node):
    return sorted(node.data.glob("runs/*"), key=lambda run: int(run.name.rsplit("-", 1)[1]))


def tear(path):
    """As a power cut or a worn cell leaves it."""
    assert path.is_file()
    path.write_bytes(path.read_bytes()[:-20] + b"\0" * 20)


def make_unreadable(path):
    path.unlink()
    path.symlink_to(path)  # ELOOP, whoever reads


def runs_heard(field):
    """The numbers of the runs whose event the server has, in the order in which it got them."""
    with field.lock:
        told = [json.loads(field.events[number]["body"])["of"] for number in sorted(field.events)]
    return [int(re.search(r"-(\d+)/out", path).group(1)) for path in told]


def said(node, what):
    return any("damage: " in line and what in line for line in node.log.read_text().splitlines())


@pytest.mark.parametrize("how", [tear, make_unreadable])
def test_a_workload_whose_supervisor_record_is_damaged_is_adopted_and_ended_like_any_other(field, node, release, how):
    one = serve(field, node, release, "one")
    node.kill()
    before = node.workloads()
    how(runs(node)[-1] / "supervisor")
    field.syncs.clear()
    node.run()
    wait_until(lambda: field.syncs, "the node to be heard")
    assert field.last["phase"] == "serving" and node.workloads() == before
    serve(field, node, release, "two", one)
    assert node.serving() == ["two"]
    assert said(node, "supervisor")


@pytest.mark.parametrize("how", [tear, make_unreadable])
@pytest.mark.parametrize("records", [["supervisor"], ["supervisor", "started"], ["released"]])
def test_after_a_reboot_it_serves_again_whatever_record_of_a_run_is_damaged(field, node, release, records, how):
    one = serve(field, node, release, "one")
    serve(field, node, release, "two", one)  # the run of one is kept for its log
    node.reboot()
    for run in runs(node):
        for record in records:
            if (run / record).exists():
                how(run / record)
    field.stop()
    node.run()
    node.wait_for_serving("two", 10)
    field.syncs.clear()
    field.start()
    wait_until(lambda: field.reports(2, "serving", "two"), "the node to be heard")
    assert said(node, records[0])


def test_a_workload_that_lost_its_supervisor_and_its_record_is_ended_before_the_next_start(field, node, release):
    alone = "#!/bin/sh\nexec 9>$DURU_WORK/alone\nflock -n 9 || echo two > $DURU_WORK/broken\nsleep 1000 &\nwait\n"
    serve(field, node, release, "one", workload=alone)
    run = runs(node)[-1]
    supervisor = int(next(line for line in (run / "supervisor").read_text().splitlines() if line.startswith("pid="))[4:])
    before = node.workloads()
    node.kill()
    tear(run / "supervisor")
    node.kill_process(supervisor)
    node.run()
    wait_until(lambda: node.workloads() and not node.workloads().keys() & before.keys(), "the next run")
    wait_until(lambda: node.status()["phase"] == "serving", "it to serve")
    assert not (node.data / "work/broken").exists()


@pytest.mark.parametrize("how", [tear, make_unreadable])
@pytest.mark.parametrize("name", ["identity", "identity.copy"])
def test_the_node_stays_who_it_is_when_one_record_of_it_is_damaged(field, node, release, name, how):
    serve(field, node, release, "one")
    node.kill()
    before = node.workloads()
    how(node.data / name)
    assert node.status()["node"] == "camera-1"
    field.syncs.clear()
    node.run()
    wait_until(lambda: field.syncs, "the node to be heard")
    assert field.last["phase"] == "serving" and node.workloads() == before
    assert said(node, name)
    assert (node.data / "identity").read_bytes() == (node.data / "identity.copy").read_bytes()


def test_events_that_cannot_be_read_keep_nothing_from_serving_and_the_others_arrive(field, node, release):
    serve(field, node, release, "one", workload=TELLS)
    wait_until(lambda: node.status()["events_waiting"] == 0 and field.events, "the first event")
    field.stop()
    node.reboot()
    node.run()
    wait_until(lambda: node.status()["events_waiting"] == 1, "the second event, which nobody hears")
    node.reboot()
    (segment,) = node.data.glob("events/*.events")
    make_unreadable(segment)
    node.run()
    node.wait_for_serving("one")
    field.start()
    # That of the second run is read once more from what the workload wrote.
    wait_until(lambda: runs_heard(field) == [1, 2, 3], f"all events; {field.events}")
    assert said(node, segment.name)


@pytest.mark.parametrize("lost", [["mark"], ["mark", "*.events"]])
def test_an_event_is_heard_although_the_disk_forgot_how_many_there_were(field, node, release, lost):
    serve(field, node, release, "one", workload=TELLS)
    wait_until(lambda: node.status()["events_waiting"] == 0 and field.events, "the first event")
    field.stop()
    node.reboot()
    for pattern in lost:
        for path in node.data.glob(f"events/{pattern}"):
            tear(path)
    node.run()
    node.wait_for_serving("one")
    wait_until(lambda: node.status()["events_waiting"] > 0, "an event without the server")
    field.start()
    wait_until(lambda: 2 in runs_heard(field), f"the event; {field.events}")
    wait_until(lambda: node.status()["events_waiting"] == 0, "its acknowledgement")
    assert not field.doubled and field.last["counters"].get("events_dropped", 0) == 0


def test_what_a_power_cut_left_of_records_on_their_way_is_removed(field, node, release):
    serve(field, node, release, "one")
    node.kill()
    drafts = [node.data / folder / ".state.4711.tmp" for folder in (".", "events", "files", "slots")]
    for draft in drafts:
        draft.write_text("half a reco")
    field.syncs.clear()
    node.run()
    wait_until(lambda: field.syncs, "the node to be heard")
    assert not [draft for draft in drafts if draft.exists()]
