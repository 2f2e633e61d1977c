"""A release that is damaged on the node's own disk: the other one serves at once, and it comes back by link or by disk."""

import json
import os

import pytest

from harness import wait_until

CHECKS = """#!/bin/sh
trap 'exit 0' TERM
test "$(cat model)" = model-of-$DURU_RELEASE || exit 3
sleep 1000 &
wait
"""


@pytest.fixture
def two(field, node, release):
    """The second of two releases; both were served, and the node runs on without its server."""
    refs = {}
    for name, previous in (("one", None), ("two", "one")):
        refs[name] = release(name, CHECKS, files={"model": f"model-of-{name}"})
        number = field.give(refs[name], refs.get(previous))
        if not node.process:
            node.run()
        wait_until(lambda: field.reports(number, "serving", name), f"{name} to be served; last {field.last}")
    field.stop()
    return refs["two"]


def digest_of(field, ref, path):
    manifest = json.loads(field.blobs[ref["digest"]])
    return next(file["digest"] for file in manifest["files"] if file["path"] == path)


def slot_of(node, name):
    return next(slot for slot in (node.data / "slots/a", node.data / "slots/b") if (slot / "name.txt").read_text() == name)


def replace(path, how):
    """The file is gone, is another one, or cannot be read: the disk says EIO."""
    path.unlink()
    if how == "changed":
        path.write_text("else")
    if how == "unreadable":
        path.symlink_to("/proc/self/mem")


def serves_meanwhile(node):
    def serves():
        return node.serving() == ["one"] and node.status()["serving"] == "one"

    wait_until(serves, f"the former release to serve; {node.status()}", 10)
    status = node.status()
    assert status["phase"] == "fetching" and "release two was damaged" in status["detail"]


def ends_on_two(field, node):
    field.syncs.clear()
    field.start()
    wait_until(lambda: field.reports(2, "serving", "two"), f"the right release; last {field.last}")
    assert node.serving() == ["two"] and "detail" not in field.last


@pytest.mark.parametrize("how", ["gone", "changed", "unreadable"])
def test_while_its_release_is_damaged_and_the_server_gone_the_node_serves_the_former_one(field, node, two, how):
    node.reboot()
    model = digest_of(field, two, "model")
    for path in (slot_of(node, "two") / "model", node.data / "files" / model):
        replace(path, how)
    node.run()
    serves_meanwhile(node)
    node.reboot()
    node.run()
    serves_meanwhile(node)
    field.asked.clear()
    ends_on_two(field, node)
    assert field.asked == [(model, 0)], "what is not damaged came again"


def test_a_running_workload_whose_file_goes_bad_gives_way_to_the_former_release(field, node, two):
    replace(slot_of(node, "two") / "model", "changed")
    replace(node.data / "files" / digest_of(field, two, "model"), "changed")
    (pid,) = node.workloads()
    os.kill(pid, 9)
    serves_meanwhile(node)
    ends_on_two(field, node)


def test_a_release_that_gets_unwell_by_damage_is_not_given_up(field, node, release):
    asks = "#!/bin/sh\ntest $(cat model) = model-of-$DURU_RELEASE\n"
    node.run()
    one = release("one", probe=asks, files={"model": "model-of-one"})
    number = field.give(one)
    wait_until(lambda: field.reports(number, "serving", "one"), "the first release")
    two = release("two", probe=asks, files={"model": "model-of-two"})
    number = field.give(two, one)
    wait_until(lambda: field.reports(number, "serving", "two"), "the second release")
    field.stop()
    for path in (slot_of(node, "two") / "model", node.data / "files" / digest_of(field, two, "model")):
        replace(path, "changed")
    serves_meanwhile(node)
    ends_on_two(field, node)


def test_a_read_error_that_passes_needs_no_link(field, node, two):
    node.reboot()
    model = digest_of(field, two, "model")
    for path in (slot_of(node, "two") / "model", node.data / "files" / model):
        replace(path, "unreadable")
    node.run()
    serves_meanwhile(node)
    readable = node.data / "readable"
    readable.write_text("model-of-two")
    readable.replace(node.data / "files/aside" / model)
    node.wait_for_serving("two")
    wait_until(lambda: node.status()["phase"] == "serving", "it to be proven")


def test_a_damaged_copy_of_a_whole_file_is_made_good_without_the_link(field, node, two):
    node.reboot()
    replace(slot_of(node, "two") / "run.sh", "changed")
    node.run()
    wait_until(lambda: node.status()["serving"] == "two", f"it to serve; {node.status()}", 10)
    assert "release one serves meanwhile" not in node.log.read_text()


@pytest.mark.parametrize("where", ["files", "slots"])
def test_a_manifest_that_is_damaged_ends_nothing(field, node, two, where):
    workloads = node.workloads()
    node.kill()
    copies = {"files": node.data / "files" / two["digest"], "slots": slot_of(node, "two").with_suffix(".manifest")}
    copies[where].write_text("{}")
    tries = node.log.read_text().count("cannot be reached")
    node.run()
    wait_until(lambda: node.log.read_text().count("cannot be reached") > tries, "the next agent to be at work")
    assert node.status()["serving"] == "two" and node.workloads() == workloads
    node.reboot()
    node.run()
    wait_until(lambda: node.status()["phase"] == "serving" and node.serving() == ["two"], "it to serve from its disk", 10)


CHANGES = """#!/bin/sh
trap 'exit 0' TERM
seen=$(cat model; ls)
echo "$seen" >> $DURU_WORK/seen
echo "another model" > model
echo "more code" > more.sh
sleep 1000 &
wait
"""


def test_each_start_begins_with_the_files_that_were_signed_whatever_a_run_did_to_them(field, node, release):
    serve_one = field.give(release("one", CHANGES, files={"model": "signed model\n"}))
    node.run()
    wait_until(lambda: field.reports(serve_one, "serving", "one"), "the release to be served")
    field.stop()
    seen = node.data / "work/seen"
    once = "signed model\nmodel\nname.txt\nprobe.sh\nrun.sh\n"
    wait_until(lambda: seen.exists() and seen.read_text() == once, "the first run")
    (pid,) = node.workloads()
    os.kill(pid, 9)
    wait_until(lambda: seen.read_text() == once * 2, f"a second run that sees the same; {seen.read_text()}")
    node.reboot()
    node.run()
    wait_until(lambda: seen.read_text() == once * 3, f"the third run; {seen.read_text()}", 10)


def test_a_release_does_not_change_a_file_that_it_shares_with_the_one_before(field, node, release):
    shared = {"model": "signed model\n"}
    keeps = "#!/bin/sh\ncat model > $DURU_WORK/seen\nsleep 1000 &\nwait\n"
    node.run()
    one = release("one", keeps, files=shared)
    number = field.give(one)
    wait_until(lambda: field.reports(number, "serving", "one"), "the first release")
    number = field.give(release("two", CHANGES, files=shared, probe="#!/bin/sh\nexit 1\n", ready_within="500ms"), one)
    wait_until(lambda: field.reports(number, "returned", "one"), f"the way back; last {field.last}")
    assert (node.data / "work/seen").read_text() == shared["model"]


def test_a_release_that_changes_its_own_files_and_exits_is_given_up_like_any_other(field, node, release):
    node.run()
    one = release("one")
    number = field.give(one)
    wait_until(lambda: field.reports(number, "serving", "one"), "the first release")
    exits = "#!/bin/sh\necho changed > model\nexit 7\n"
    number = field.give(release("two", exits, files={"model": "signed"}, probe="#!/bin/sh\nexit 1\n"), one)
    wait_until(lambda: field.reports(number, "returned", "one"), f"the way back; last {field.last}")
    assert "exited with code 7" in field.last["detail"]
