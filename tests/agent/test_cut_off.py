"""A node without its server: it serves on, it comes back by itself, and it ends on the right release."""

import json
import re
import subprocess
import time

import pytest

from harness import wait_until

# Everything that asks for the wall clock gets a year long past.
WRONG_CLOCK = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *t) {
  int failed = (int)syscall(SYS_clock_gettime, id, t);
  if (id == CLOCK_REALTIME) t->tv_sec -= 9L * 365 * 24 * 3600;
  return failed;
}
time_t time(time_t *t) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (t) *t = now.tv_sec;
  return now.tv_sec;
}
"""


def serve(field, release, name, previous=None, **what):
    ref = release(name, **what)
    number = field.give(ref, previous)
    wait_until(lambda: field.reports(number, "serving", name), f"{name} to be served; last {field.last}")
    return ref


def test_the_agent_may_end_and_another_adopts_what_runs(field, node, release):
    node.run()
    serve(field, release, "one")
    before = node.workloads()
    assert node.terminate() == 0
    assert node.workloads() == before
    field.syncs.clear()
    node.run()
    wait_until(lambda: field.reports(1, "serving", "one"), "the adopted release to be reported")
    assert node.workloads() == before
    assert all(sync["phase"] == "serving" for sync in field.syncs), "the adoption was no interruption"


def test_an_update_waits_out_a_server_that_is_gone(field, node, release):
    node.run()
    one = serve(field, release, "one")
    two = release("two", files={"model": b"m" * 200_000})
    model = next(digest for digest, content in field.blobs.items() if content == b"m" * 200_000)
    field.faults[model] = lambda content, offset: content[:50_000]
    number = field.give(two, one)
    wait_until(lambda: (model, 0) in field.asked, "the download to begin")
    field.stop()
    del field.faults[model]
    node.kill()
    node.run()
    wait_until(lambda: "fetching" in node.call("status").stdout, "it to want the release")
    assert node.serving() == ["one"]
    field.start()
    wait_until(lambda: field.reports(number, "serving", "two"), f"the update to end; last {field.last}")
    assert node.serving() == ["two"]


def test_what_is_here_already_is_put_to_use_without_the_server(field, node, release):
    node.run()
    one = serve(field, release, "one")
    node.kill()
    node.run(die_at="slot_recorded")
    field.give(release("two"), one)
    wait_until(lambda: node.process.poll() is not None, "the agent to die with the release on its disk")
    field.stop()
    node.run()
    node.wait_for_serving("two")
    wait_until(lambda: node.status()["phase"] == "serving", "it to be proven without the server")


def test_a_revoked_node_serves_on_and_asks_again(field, node, release):
    node.run()
    serve(field, release, "one")
    field.refuses = True
    wait_until(lambda: "the server refuses this node (revoked)" in node.log.read_text(), "the refusal to be told")
    assert node.serving() == ["one"]
    field.syncs.clear()
    field.refuses = False
    wait_until(lambda: field.reports(1, "serving", "one"), "it to be heard again")
    assert node.log.read_text().count("refuses this node") == 1


def test_a_revoked_node_that_has_news_all_the_time_asks_no_more_often_than_another(field, node, release):
    field.heartbeat = "2s"
    node.run()
    serve(field, release, "one", workload="#!/bin/sh\nwhile :; do echo '{}' >> $DURU_EVENTS; sleep 0.05; done\n")
    field.refuses = True
    wait_until(lambda: len(field.refused_at) >= 3, "it to ask again and again")
    first, second, third = field.refused_at[:3]
    assert second - first > 1.5 and third - second > 1.5


def test_a_clock_that_is_years_off_does_not_matter(field, node, release, tmp_path, monkeypatch):
    source, library = tmp_path / "clock.c", tmp_path / "clock.so"
    source.write_text(WRONG_CLOCK)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    monkeypatch.setenv("LD_PRELOAD", str(library))
    tells = '#!/bin/sh\necho "{}" >> $DURU_EVENTS\nsleep 1000\n'
    node.run()
    number = field.give(release("one", tells))
    wait_until(lambda: field.reports(number, "serving", "one"), "the release to be served")
    wait_until(lambda: field.events, "its event")
    written = node.log.read_text().split("-")[0]
    assert int(written) < time.gmtime().tm_year - 7, "the clock was not wrong after all"
    assert re.fullmatch(r"\d{1,4}ms|0s|\d{1,2}s.*", field.events[1]["age"])


def test_damaged_state_is_told_and_made_good(field, node, release):
    node.run()
    serve(field, release, "one")
    node.kill()
    for name in ("state", "counters"):
        path = node.data / name
        path.write_bytes(path.read_bytes().replace(b"1", b"2"))
    field.stop()
    node.run()
    node.wait_for_serving("one")
    wait_until(lambda: node.status()["serving"] == "one", "it to serve, from its own disk")
    said = node.log.read_text()
    assert all(said.count(f"damage: {node.data / name}:") == 1 for name in ("state", "counters"))


@pytest.mark.parametrize("content", [b"nonsense", None])
def test_what_serves_goes_on_when_the_servers_word_is_lost_from_the_disk(field, node, release, content):
    node.run()
    serve(field, release, "one")
    before = node.workloads()
    node.kill()
    desired = node.data / "desired"

    def revision():
        return json.loads(desired.read_text().splitlines()[0])["revision"]

    kept = revision()
    desired.write_bytes(content) if content else desired.unlink()
    field.refuses = True
    node.run()
    wait_until(lambda: "refuses this node" in node.log.read_text(), "the agent to be at work")
    assert revision() == kept
    field.syncs.clear()
    field.refuses = False
    wait_until(lambda: len(field.syncs) > 3, "the node to be heard")
    assert all(sync["phase"] == "serving" for sync in field.syncs) and node.workloads() == before


def test_a_node_keeps_one_connection_from_sync_to_sync(field, node, release):
    field.heartbeat = "6s"
    node.run()
    serve(field, release, "one")
    wait_until(lambda: len(field.http.connections) == 1, "the download's connection to be closed")
    kept = set(field.http.connections)
    field.syncs.clear()
    wait_until(lambda: len(field.syncs) > 1, "the node to be heard again")
    assert field.http.connections == kept


def test_where_the_kept_connection_was_dead_a_sync_goes_out_again_at_once(field, node, release):
    field.heartbeat = "6s"
    node.run()
    serve(field, release, "one")
    wait_until(lambda: len(field.http.connections) == 1, "the download's connection to be closed")
    before, lost = len(field.syncs), []
    field.loses = lambda kind: kind == "sync" and not lost and lost.append(kind) is None
    wait_until(lambda: lost and len(field.syncs) > before + 1, "the sync that was lost to be heard again")
    assert "cannot be reached" not in node.log.read_text()


def test_a_node_holds_no_connection_while_it_waits_for_a_long_heartbeat(field, node, release):
    field.heartbeat = "301s"
    node.run()
    serve(field, release, "one")
    wait_until(lambda: not field.http.connections, "its connections to be closed")


def test_nobody_is_told_that_nothing_runs_while_something_still_does(field, node, release):
    slow = "#!/bin/sh\ntrap 'sleep 0.5; exit 0' TERM\nwhile :; do sleep 0.05; done\n"
    node.run()
    serve(field, release, "one", workload=slow)
    node.kill()
    for name in ("state", "desired"):
        (node.data / name).unlink()
    field.take_back()
    field.syncs.clear()
    node.run()
    wait_until(lambda: field.syncs, "the node to be heard")
    assert field.syncs[0].get("revision", 0) == 0 and node.serving() == []


def test_a_damaged_file_in_a_slot_is_fetched_again(field, node, release):
    node.run()
    serve(field, release, "one")
    node.reboot()
    damaged = node.data / "slots/a/name.txt"
    damaged.chmod(0o644)
    damaged.write_text("two")
    field.syncs.clear()
    node.run()
    wait_until(lambda: field.reports(1, "serving", "one"), f"it to serve again; last {field.last}")
    assert damaged.read_text() == "one"


def test_an_ephemeral_agent_ends_its_workload_when_the_server_says_leave(field, node, release):
    node.run("--ephemeral")
    serve(field, release, "one")
    assert field.last["ephemeral"] is True
    field.leave = True
    assert node.process.wait(timeout=20) == 0
    assert node.serving() == []
    assert field.last["goodbye"] is True and field.last.get("phase", "none") == "none"


def test_an_ephemeral_agent_ends_its_workload_on_term(field, node, release):
    node.run("--ephemeral")
    serve(field, release, "one")
    assert node.terminate() == 0
    assert node.serving() == []
    assert field.last["goodbye"] is True


def test_how_often_the_server_is_asked_is_kept_over_a_restart(new_node, field):
    field.heartbeat = "1h"
    node = new_node()
    node.enrol(field)
    field.heartbeat = "100ms"
    node.run()
    wait_until(lambda: len(field.syncs) > 3, "the node to ask more often")
    field.stop()
    node.kill()
    node.run()
    wait_until(lambda: "the server cannot be reached" in node.log.read_text(), "a try while the server is gone")
    field.syncs.clear()
    field.start()
    wait_until(lambda: field.syncs, "the next try", 10)
