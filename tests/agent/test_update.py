"""How a node gets from one release to the next, and back."""

import json
import os
import pathlib
import re
import signal

import pytest

from signing import SigningKey

from harness import wait_until

UNWELL = "#!/bin/sh\necho no frames come\nexit 1\n"
EXITS = "#!/bin/sh\nexit 7\n"


def wait_for(field, number, phase, serving=None):
    wait_until(
        lambda: field.reports(number, phase, serving), f"revision {number} {phase}; last {field.last}", deadline_s=20
    )


def fill_to_the_last_byte(path):
    with pytest.raises(OSError, match="No space left"), open(path, "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_a_node_serves_what_it_is_given_and_stops_when_it_is_taken_back(field, node, release):
    node.run()
    wait_until(lambda: field.syncs, "a first sync")
    assert "revision" not in field.last and "phase" not in field.last
    number = field.give(release("one"))
    wait_for(field, number, "serving", "one")
    assert node.serving() == ["one"]
    field.take_back()
    wait_for(field, 0, "none")
    assert node.serving() == []


def test_the_workload_is_told_who_and_where_it_is(field, node, release):
    tells = "#!/bin/sh\nenv > $DURU_WORK/environment\npwd > $DURU_WORK/folder\nsleep 1000\n"
    node.run()
    wait_for(field, field.give(release("one", tells, env={"PLACE": "ridge"})), "serving")
    text = (node.data / "work/environment").read_text()
    variables = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    assert variables["DURU_NODE"] == "camera-1" and variables["DURU_CHIP"] == "dx-m1"
    assert variables["DURU_EMULATED"] == "1" and variables["DURU_RELEASE"] == "one"
    assert variables["PLACE"] == "ridge"
    assert (node.data / "work/folder").read_text().strip() == str(node.data / "slots/a")


def test_the_agent_is_small(field, node, release):
    node.run()
    number = field.give(release("one", files={"model": b"m" * 8_000_000}))
    wait_for(field, number, "serving", "one")
    status = pathlib.Path(f"/proc/{node.process.pid}/status").read_text()
    assert int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) <= 20 * 1024


def test_an_update_keeps_the_old_release_running_until_the_new_one_is_here(field, node, release):
    one, two = release("one"), release("two", files={"model": b"m" * 300_000})
    node.run()
    wait_for(field, field.give(one), "serving", "one")
    withheld = True
    model = next(digest for digest, content in field.blobs.items() if content == b"m" * 300_000)
    field.faults[model] = lambda content, offset: content[:10_000] if withheld else content
    number = field.give(two, one)
    wait_until(lambda: field.asked.count((model, 0)) == 1 and len(field.asked) > 6, "a download that breaks off")
    wait_for(field, number, "fetching", "one")
    assert node.serving() == ["one"]
    withheld = False
    wait_for(field, number, "serving", "two")
    assert node.serving() == ["two"]
    assert any(digest == model and offset >= 10_000 for digest, offset in field.asked), "it was gone on with"


def test_a_damaged_download_is_thrown_away_and_fetched_again(field, node, release):
    two = release("two", files={"model": b"m" * 100_000})
    model = next(digest for digest, content in field.blobs.items() if content == b"m" * 100_000)
    field.faults[model] = lambda content, offset: b"x" * len(content)
    node.run()
    number = field.give(two)
    wait_until(lambda: "damaged" in field.last.get("detail", ""), "the damage to be told")
    assert field.reports(number, "fetching") and node.serving() == []
    del field.faults[model]
    wait_for(field, number, "serving", "two")
    assert (node.data / "slots/a/model").read_bytes() == b"m" * 100_000


def test_a_release_that_does_not_get_well_goes_back_by_itself(field, node, release):
    one, bad = release("one"), release("bad", probe=UNWELL, ready_within="1s")
    node.run()
    wait_for(field, field.give(one), "serving", "one")
    number = field.give(bad, one)
    wait_for(field, number, "returned", "one")
    assert "no frames come" in field.last["detail"]
    assert node.serving() == ["one"]


def test_a_release_that_exits_three_times_at_first_goes_back_by_itself(field, node, release):
    one, bad = release("one"), release("bad", workload=EXITS, probe=UNWELL)
    node.run()
    wait_for(field, field.give(one), "serving", "one")
    wait_for(field, field.give(bad, one), "returned", "one")
    assert "exited with code 7" in field.last["detail"]
    assert field.last["counters"]["restarts"] == 2
    assert len(list((node.data / "runs").iterdir())) <= 2, "runs that are over are kept for ever"


def test_a_release_that_becomes_unwell_goes_back_by_itself(field, node, release):
    moody = "#!/bin/sh\ntest ! -e $DURU_WORK/unwell-$DURU_RELEASE\n"
    one, two = release("one", probe=moody), release("two", probe=moody)
    node.run()
    wait_for(field, field.give(one), "serving", "one")
    number = field.give(two, one)
    wait_for(field, number, "serving", "two")
    (node.data / "work/unwell-two").touch()
    wait_for(field, number, "returned", "one")


def test_without_a_former_release_it_is_tried_again_until_it_is_well(field, node, release):
    probe = "#!/bin/sh\ntest -e $DURU_WORK/lens\n"
    node.run()
    number = field.give(release("one", probe=probe, ready_within="600ms"))
    wait_for(field, number, "failed")
    (node.data / "work/lens").touch()
    wait_for(field, number, "serving", "one")


def test_a_proven_workload_that_dies_is_started_again(field, node, release):
    node.run()
    number = field.give(release("one"))
    wait_for(field, number, "serving", "one")
    (pid,) = node.workloads()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: field.last.get("counters", {}).get("restarts") == 1, "the restart to be counted")
    wait_for(field, number, "serving", "one")
    assert pid not in node.workloads() and node.serving() == ["one"]


def test_a_wrong_signature_never_runs(field, node, release):
    one, forged = release("one"), release("forged", key=SigningKey())
    node.run()
    number = field.give(forged)
    wait_for(field, number, "failed")
    assert "signature" in field.last["detail"] and node.serving() == []
    wait_for(field, field.give(one), "serving", "one")
    number = field.give(forged, one)
    wait_for(field, number, "returned", "one")
    assert node.serving() == ["one"]
    assert not (node.data / "slots/b").exists(), "a forged release was unpacked"


def test_a_release_larger_than_the_disk_leaves_the_old_one_serving(field, node, release):
    one = release("one")
    node.run()
    wait_for(field, field.give(one), "serving", "one")
    manifest = json.loads(field.blobs[one["digest"]])
    manifest["release"] = "huge"
    manifest["files"].append({"path": "model", "digest": field.put(b"tip"), "size": 1 << 60})
    number = field.give(field.sign(manifest), one)
    wait_until(lambda: "disk full" in field.last.get("detail", ""), "the full disk to be told")
    assert field.reports(number, "fetching", "one") and node.serving() == ["one"]
    wait_for(field, field.give(one), "serving", "one")


def test_a_disk_that_is_full_to_the_last_byte_stops_an_update_and_no_workload(field, new_node, release, small_disk):
    node = new_node(small_disk / "node")
    node.enrol(field)
    node.run()
    one = release("one")
    wait_for(field, field.give(one), "serving", "one")
    ballast = small_disk / "ballast"
    fill_to_the_last_byte(ballast)
    number = field.give(release("two"), one)
    wait_until(lambda: "what the server says waits" in node.log.read_text(), "the full disk to be told")
    assert node.serving() == ["one"]
    ballast.unlink()
    wait_for(field, number, "serving", "two")


def test_an_update_that_does_not_fit_unpacked_leaves_room_and_the_node_serves_after_a_reboot(
    field, new_node, release, small_disk
):
    node = new_node(small_disk / "node")
    node.enrol(field)
    node.run()
    one = release("one")
    wait_for(field, field.give(one), "serving", "one")
    # It comes once and is unpacked six times.
    program = b"p" * 1_500_000
    big = release("big", files={f"program-{copy}.sh": program for copy in range(6)})
    number = field.give(big, one)
    wait_until(lambda: "disk full" in field.last.get("detail", ""), f"the node to say so; last {field.last}")
    assert field.reports(number, "fetching", "one")
    left = os.statvfs(small_disk)
    assert left.f_bavail * left.f_frsize >= 4 << 20
    node.reboot()
    node.run()
    wait_until(lambda: node.serving() == ["one"], "the old release to run", 10)
    number = field.give(release("two"), one)
    wait_for(field, number, "serving", "two")


def test_what_is_left_of_a_slot_that_filled_the_disk_makes_room_for_the_next_start(field, new_node, release, small_disk):
    node = new_node(small_disk / "node")
    node.enrol(field)
    node.run()
    one = release("one")
    number = field.give(one)
    wait_for(field, number, "serving", "one")
    node.reboot()
    left = node.data / "slots/b"
    left.mkdir()
    fill_to_the_last_byte(left / "program.sh")
    node.run()
    wait_for(field, number, "serving", "one")


def test_only_files_that_a_slot_needs_stay(field, node, release):
    releases = [release(name, files={"model": name * 1000}) for name in ("one", "two", "three")]
    node.run()
    for before, now in zip([None, *releases], releases):
        number = field.give(now, before)
        wait_for(field, number, "serving", now["name"])
    kept = [path.read_bytes() for path in (node.data / "files").iterdir() if path.is_file()]
    models = [name for name in ("one", "two", "three") if (name * 1000).encode() in kept]
    assert models == ["two", "three"]
