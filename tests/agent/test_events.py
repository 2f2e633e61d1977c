"""What a workload tells: each event reaches the server once, in order, whatever dies or is cut; counters never go back."""

import json
import random
import re
import time

import pytest

from harness import wait_until

COUNTS = """#!/bin/sh
i=0
while [ $i -lt {count} ]; do
  i=$((i + 1))
  echo "{{\\"n\\":$i}}" >> $DURU_EVENTS
  sleep {pause}
done
sleep 1000
"""


def bodies(field):
    with field.lock:
        return [json.loads(field.events[number]["body"]) for number in sorted(field.events)]


def raise_while_cut_off(field, node, release, count=1):
    """Runs a release, cuts the link, and lets it raise alarms {"n": 1}, ...; they are on the node's disk when this returns."""
    alarms = "#!/bin/sh\nwhile ! test -e $DURU_WORK/smoke; do sleep 0.05; done\n"
    alarms += f'for i in $(seq {count}); do echo "{{\\"n\\":$i}}" >> $DURU_EVENTS; done\nsleep 1000\n'
    node.run()
    number = field.give(release("one", alarms))
    wait_until(lambda: field.reports(number, "serving"), "the camera to watch")
    field.stop()
    (node.data / "work/smoke").touch()
    wait_until(lambda: node.status()["events_waiting"] == count, "the alarms to be on the node's disk")


def test_events_are_neither_lost_nor_doubled_over_random_kills_and_cuts(field, node, release):
    chance = random.Random(20261126)
    count = 150
    field.loses = lambda kind: kind == "sync" and chance.random() < 0.2
    node.run()
    field.give(release("one", COUNTS.format(count=count, pause=0.02)))
    wait_until(lambda: len(field.events) > 5, "the first events")
    seen = 0

    def comes_on():
        return len(field.events) > seen or len(field.events) == count

    while len(field.events) < count:
        if chance.random() < 0.5:
            node.kill()
            node.run()
        else:
            field.stop()
            field.start()
        seen = len(field.events) + chance.randrange(3, 15)
        wait_until(comes_on, f"events after a fault; {len(field.events)} came")
    assert bodies(field) == [{"n": n} for n in range(1, count + 1)]
    assert sorted(field.events) == list(range(1, count + 1)) and not field.doubled
    wait_until(lambda: node.status()["events_waiting"] == 0, "the last acknowledgement")


def test_an_alarm_that_is_raised_while_cut_off_arrives_when_the_link_returns(field, node, release):
    raise_while_cut_off(field, node, release)
    node.kill()
    node.run()
    node.wait_for_serving("one")
    field.start()
    wait_until(lambda: field.events, "the alarm")
    assert bodies(field) == [{"n": 1}] and "age" in field.events[1]


def test_an_alarm_from_before_a_restart_does_not_wait_for_a_heartbeat(field, node, release):
    field.heartbeat = "60s"
    raise_while_cut_off(field, node, release)
    node.kill()
    field.start()
    node.run()
    wait_until(lambda: field.events, "the alarm")


def test_an_agent_that_dies_between_spool_and_file_counts_no_event_twice(field, node, release):
    node.run(die_at="events_spooled")
    field.give(release("one", COUNTS.format(count=3, pause=0)))
    wait_until(lambda: node.process.poll() is not None, "the agent to die")
    node.run()
    wait_until(lambda: len(field.events) == 3, f"three events; {field.events}")
    assert bodies(field) == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_lines_that_are_no_events_are_passed_over_and_told_once(field, node, release):
    mixed = '#!/bin/sh\n{ echo nonsense; echo "[1]"; echo "{\\"ok\\":1}"; head -c 5000 /dev/zero | tr "\\0" x; echo;\n'
    mixed += 'echo "{\\"ok\\":2}"; printf "{\\"torn\\":"; } >> $DURU_EVENTS\nsleep 1000\n'
    node.run()
    field.give(release("one", mixed))
    wait_until(lambda: len(field.events) == 2, "the two events")
    assert bodies(field) == [{"ok": 1}, {"ok": 2}]
    wait_until(lambda: "are no events" in node.log.read_text(), "the rest to be told")


def test_events_of_a_release_are_kept_over_the_change_to_the_next(field, node, release):
    last_words = "#!/bin/sh\ntrap 'echo \"{\\\"last\\\":\\\"words\\\"}\" >> $DURU_EVENTS; exit 0' TERM\n"
    last_words += "while :; do sleep 0.05; done\n"
    one = release("one", last_words)
    node.run()
    number = field.give(one)
    wait_until(lambda: field.reports(number, "serving", "one"), "the first release")
    number = field.give(release("two", COUNTS.format(count=1, pause=0)), one)
    wait_until(lambda: len(field.events) == 2, "both events")
    assert bodies(field) == [{"last": "words"}, {"n": 1}]


def test_a_workload_that_floods_is_read_as_fast_as_it_writes_and_each_event_is_counted(field, node, release):
    flood = "#!/bin/sh\nuntil test -e $DURU_WORK/go; do sleep 0.05; done\n"
    flood += "yes '{\"padding\":\"" + "x" * 1000 + "\"}' | head -n 60000 >> $DURU_EVENTS\nsleep 1000\n"
    node.run()
    number = field.give(release("one", flood))
    wait_until(lambda: field.reports(number, "serving"), "the release to be served")
    field.stop()
    (node.data / "work/go").touch()

    def told():
        status = node.status()
        return status["events_waiting"] + status["counters"]["events_dropped"]

    wait_until(lambda: told() == 60_000, f"all of 60 MB to be read; {told()} events were", deadline_s=40)
    assert node.status()["events_waiting"] > 1000
    (events,) = node.data.glob("runs/*/out/events")
    assert events.stat().st_blocks * 512 < 2_000_000, "the disk has it back"


def test_inferences_add_up_over_restarts_and_never_go_back(field, node, release):
    counts = "#!/bin/sh\necho '{\"inferences\":40,\"frames\":9}' > $DURU_STATUS.new\nmv $DURU_STATUS.new $DURU_STATUS\n"
    node.run()
    one = release("one", counts + "sleep 1000\n")
    number = field.give(one)

    def inferences():
        return field.last.get("counters", {}).get("inferences")

    wait_until(lambda: inferences() == 40, "the first count")
    field.give(release("two", counts + "sleep 1000\n"), one)
    wait_until(lambda: inferences() == 80, "the sum of two runs")
    node.kill()
    node.run()
    field.syncs.clear()
    wait_until(lambda: field.syncs, "a sync of the next agent")
    told = [sync["counters"]["inferences"] for sync in field.syncs]
    assert told == sorted(told) and told[0] == 80


def test_a_count_that_the_disk_lost_goes_on_from_what_the_server_knows(field, node, release):
    counts = "#!/bin/sh\necho '{\"inferences\":40}' > $DURU_STATUS.new\nmv $DURU_STATUS.new $DURU_STATUS\nsleep 1000\n"
    node.run()
    one = release("one", counts)
    field.give(one)

    def inferences():
        return field.counted.get("inferences")

    wait_until(lambda: inferences() == 40, "the first count")
    node.kill()
    (node.data / "counters").write_bytes(b"damaged")
    node.run()
    field.give(release("two", counts), one)
    wait_until(lambda: inferences() == 80, "the sum of both runs")


def test_what_a_workload_that_nobody_knows_any_more_told_last_is_not_lost(field, node, release):
    alarm = "#!/bin/sh\ntrap 'echo \"{\\\"last\\\":\\\"words\\\"}\" >> $DURU_EVENTS; exit 0' TERM\n"
    alarm += 'echo "{\\"first\\":1}" >> $DURU_EVENTS\nwhile :; do sleep 0.05; done\n'
    node.run()
    number = field.give(release("one", alarm))
    wait_until(lambda: field.reports(number, "serving", "one") and field.events, "the release and its first event")
    node.kill()
    for name in ("state", "desired"):
        (node.data / name).unlink()
    field.take_back()
    node.run()
    wait_until(lambda: len(field.events) == 2, f"its last words; {field.events}")
    assert bodies(field) == [{"first": 1}, {"last": "words"}] and node.serving() == []


def test_a_node_does_not_unenrol_over_alarms_that_nobody_has(field, node, release):
    raise_while_cut_off(field, node, release)
    node.terminate()
    refused = node.call("unenrol")
    assert refused.returncode == 4 and "1 events have not reached the server" in refused.stderr
    assert node.serving() == [] and node.data.exists()
    assert node.call("unenrol", "--drop-events").returncode == 0
    assert not node.data.exists()


@pytest.mark.parametrize("reboots", [False, True])
def test_a_node_that_could_not_unenrol_sends_all_its_alarms_when_it_can(field, node, release, reboots):
    count = 300  # several syncs
    field.heartbeat = "10m"
    raise_while_cut_off(field, node, release, count)
    node.terminate()
    assert node.call("unenrol").returncode == 4
    if reboots:
        node.reboot()
    field.start()
    done = node.call("unenrol")
    assert done.returncode == 0, done.stderr
    assert bodies(field) == [{"n": n} for n in range(1, count + 1)] and not field.doubled
    assert field.last["goodbye"] and not node.data.exists()


def milliseconds(span):
    units = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+)(ms|s|m|h)", span))


def test_an_event_that_no_agent_saw_is_not_told_younger_than_it_is(field, node, release):
    alone = "#!/bin/sh\nuntil test -e $DURU_WORK/alone; do sleep 0.05; done\n"
    alone += "echo '{}' >> $DURU_EVENTS\nsleep 3\ntouch $DURU_WORK/later\nsleep 1000\n"
    node.run()
    number = field.give(release("one", alone))
    wait_until(lambda: field.reports(number, "serving"), "the camera to watch")
    node.kill()
    (node.data / "work/alone").touch()
    wait_until(lambda: (node.data / "work/later").exists(), "3 s to pass after the event")
    (written,) = node.data.glob("runs/*/out/events")
    age_min = (time.time() - written.stat().st_mtime) * 1000
    node.run()
    wait_until(lambda: field.events, "the event")
    age_max = (time.time() - written.stat().st_mtime) * 1000
    event = field.events[1]
    age, uncertainty = milliseconds(event["age"]), milliseconds(event.get("uncertainty", "0s"))
    assert age - uncertainty - 1000 <= age_max and age_min <= age + uncertainty + 1000, event
