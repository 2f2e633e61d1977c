"""A disk that is full to the last byte, by the workload itself or by others: the node is heard, and loses no event uncounted."""

import pytest

from harness import wait_until


def fill(folder):
    """Returns what takes the room; the disk is full to the last byte then."""
    ballast = folder / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    return ballast


@pytest.mark.parametrize("small_disk", ["24m"], indirect=True)
def test_a_workload_that_filled_the_disk_with_events_gives_it_back_and_each_is_counted(
    field, new_node, release, small_disk
):
    flood = "#!/bin/sh\nuntil test -e $DURU_WORK/go; do sleep 0.05; done\n"
    flood += "yes '{\"padding\":\"" + "x" * 1000 + "\"}' >> $DURU_EVENTS\n"
    flood += "touch $DURU_WORK/full\nsleep 1000\n"
    node = new_node(small_disk / "node")
    node.enrol(field, "--chip", "dx-m1", "--emulated")
    node.run()
    number = field.give(release("one", flood))
    wait_until(lambda: field.reports(number, "serving"), "the release to be served")
    field.stop()
    node.kill()
    (node.data / "work/go").touch()
    wait_until(lambda: (node.data / "work/full").exists(), "the disk to be full")
    fill(small_disk)
    (events,) = node.data.glob("runs/*/out/events")
    count = events.read_bytes().count(b"\n")
    assert count > 10_000
    node.run()

    def told():
        status = node.status()
        return status["events_waiting"] + status["counters"]["events_dropped"]

    wait_until(lambda: told() == count, f"all of {count} events to be told; {told()} were")
    assert events.stat().st_blocks * 512 < 2_000_000, "the disk has it back"
    assert node.status()["phase"] == "serving"


def test_a_node_that_cannot_keep_the_last_words_of_an_unknown_run_is_heard_and_tells_them_later(
    field, new_node, release, small_disk
):
    ends = "#!/bin/sh\nuntil test -e $DURU_WORK/go; do sleep 0.05; done\n"
    ends += "rm $DURU_WORK/go\necho '{\"last\":\"words\"}' >> $DURU_EVENTS\n"
    node = new_node(small_disk / "node")
    node.enrol(field, "--chip", "dx-m1", "--emulated")
    node.run()
    number = field.give(release("one", ends))
    wait_until(lambda: field.reports(number, "serving"), "the release to be served")
    node.kill()
    (node.data / "work/go").touch()
    wait_until(lambda: list(node.data.glob("runs/*/exit")), "the workload to end")
    (node.data / "state").unlink()
    ballast = fill(small_disk)
    field.syncs.clear()
    node.run()
    wait_until(lambda: field.syncs, "the node to be heard")
    assert not field.events and "No space left" in field.last["detail"], field.last
    ballast.unlink()
    wait_until(lambda: field.events, "the event")
    wait_until(lambda: field.reports(number, "serving"), "the release to be served again")
