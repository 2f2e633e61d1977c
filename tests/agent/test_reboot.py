"""A power cut while the link is cut: all of the node is gone at once, and it comes back by itself with what it knew."""

import datetime
import json
import time

import pytest

from harness import wait_until

# Numbers its events from 1 in each boot, which it counts; 40 inferences in each.
WATCHES = """#!/bin/sh
boot=$(cat $DURU_WORK/boots 2>/dev/null || echo 0)
boot=$((boot + 1))
echo $boot > $DURU_WORK/boots
echo '{"inferences":40}' > $DURU_STATUS.new
mv $DURU_STATUS.new $DURU_STATUS
n=0
while :; do
  n=$((n + 1))
  echo "{\\"boot\\":$boot,\\"n\\":$n}" >> $DURU_EVENTS
  sleep 0.05
done
"""
ASKED = "#!/bin/sh\n: > $DURU_WORK/asked\n"


def tear(node):
    """What a power cut may leave in the middle of a write; and a state that is no more than a half."""
    newest = max((node.data / "events").glob("*.events"))
    with open(newest, "ab") as file:
        file.write(newest.read_bytes().splitlines()[-1][:40])
    state = (node.data / "state").read_bytes()
    (node.data / ".state.1.tmp").write_bytes(state[: len(state) // 2])
    (node.data / "state").write_bytes(state[: len(state) // 2])


@pytest.mark.parametrize("disk", ["whole", "torn"])
def test_after_a_power_cut_while_cut_off_it_serves_again_with_its_events_and_counters(
    field, node, release, record_property, disk
):
    node.run()
    number = field.give(release("one", WATCHES, probe=ASKED))
    wait_until(lambda: field.reports(number, "serving", "one") and field.events, "the release and its first event")

    def inferences():
        return field.last.get("counters", {}).get("inferences")

    wait_until(lambda: inferences() == 40, "its inferences to be counted")
    field.stop()
    wait_until(lambda: node.status()["events_waiting"] > 10, "events while cut off")
    node.reboot()
    (written,) = node.data.glob("runs/*/out/events")
    count = written.read_text().count("\n")
    cut_at = time.time()
    if disk == "torn":
        tear(node)
    # What the disk says of serving is old until the new run's probe was asked.
    asked = node.data / "work/asked"
    asked.unlink()
    begun = time.monotonic()
    node.run()
    wait_until(lambda: asked.exists() and node.status()["serving"] == "one", "it to serve again", 10)
    serve_again_ms = round((time.monotonic() - begun) * 1000)
    record_property("serve_again_ms", serve_again_ms)
    print(f"serve_again_ms {serve_again_ms}")
    assert node.serving() == ["one"]

    field.syncs.clear()
    field.start()
    wait_until(lambda: field.reports(number, "serving", "one"), "the server to hear of it")
    wait_until(lambda: len(field.events) > count + 10, "the events of both boots")
    wait_until(lambda: inferences() == 80, "the inferences of both boots")
    counters = field.last["counters"]
    assert disk == "torn" or counters["restarts"] == 1
    assert "events_dropped" not in counters and not field.doubled
    with field.lock:
        events = [field.events[number] for number in sorted(field.events)]
    bodies = [json.loads(event["body"]) for event in events]
    assert sorted(field.events) == list(range(1, len(events) + 1))
    assert bodies[:count] == [{"boot": 1, "n": n} for n in range(1, count + 1)]
    assert bodies[count:] == [{"boot": 2, "n": n} for n in range(1, len(events) - count + 1)]
    told = datetime.datetime.fromisoformat(events[count - 5]["server_time"].replace("Z", "+00:00"))
    assert abs(cut_at - told.timestamp()) < 10, "the time of an event before the power cut"
