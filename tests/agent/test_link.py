"""A link of real network interfaces between node and server, in a network namespace, that is cut and mended.

DURU_TEST_CUTS=100 makes the random cuts many.
"""

import json
import os
import random
import shutil
import subprocess
import sys

import pytest
from field_server import FieldServer

from harness import ROOT, wait_until

CUTS = int(os.environ.get("DURU_TEST_CUTS", "3"))
COUNTS_ON = """#!/bin/sh
trap 'exit 0' TERM
i=0
while ! test -e $DURU_WORK/enough; do
  i=$((i + 1))
  echo "{\\"n\\":$i}" >> $DURU_EVENTS
  sleep 0.05
done
echo $i > $DURU_WORK/count
sleep 1000 &
wait
"""
ALARM = """#!/bin/sh
while ! test -e $DURU_WORK/smoke; do sleep 0.05; done
echo '{"kind":"alarm"}' >> $DURU_EVENTS
sleep 1000
"""


class Link:
    """A pair of interfaces: the node's end is in a namespace of its own."""

    def __init__(self):
        number = os.getpid()
        self.space, self.here, self.there = f"duru-{number}", f"dh{number}", f"dn{number}"
        # A network of four addresses that no other process takes.
        start = number % 64 * 4
        net = f"10.213.{number // 64 % 256}"
        self.host, self.node = f"{net}.{start + 1}", f"{net}.{start + 2}"

    def make(self):
        ip("netns", "add", self.space)
        ip("link", "add", self.here, "type", "veth", "peer", "name", self.there, "netns", self.space)
        ip("addr", "add", f"{self.host}/30", "dev", self.here)
        ip("link", "set", self.here, "up")
        ip("-n", self.space, "link", "set", "lo", "up")
        ip("-n", self.space, "addr", "add", f"{self.node}/30", "dev", self.there)
        ip("-n", self.space, "link", "set", self.there, "up")

    def cut(self):
        ip("link", "set", self.here, "down")

    def mend(self):
        ip("link", "set", self.here, "up")

    def remove(self):
        subprocess.run(["ip", "link", "del", self.here], capture_output=True)
        subprocess.run(["ip", "netns", "del", self.space], capture_output=True)


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def link():
    if not shutil.which("ip"):
        pytest.skip("there is no ip program (Debian's iproute2)")
    made = Link()
    try:
        made.make()
    except subprocess.CalledProcessError as why:
        made.remove()
        pytest.skip(f"no network namespace can be made here: {why}")
    yield made
    made.remove()


@pytest.fixture
def field(link):
    server = FieldServer(host=link.host)
    yield server
    server.stop()


@pytest.fixture
def node(new_node, field, link):
    """Enrolled, behind the link."""
    prefix = ["nsenter", f"--net=/run/netns/{link.space}"]
    forward = [sys.executable, ROOT / "tools" / "forward.py", link.host, str(field.port)]
    process = subprocess.Popen([*prefix, *forward], stdout=subprocess.PIPE, text=True)
    port = process.stdout.readline().strip()
    made = new_node()
    made.prefix = prefix
    done = made.call("enrol", "--server", f"http://127.0.0.1:{port}", "--code", "right-code")
    assert done.returncode == 0, done.stderr
    yield made
    made.end()
    process.kill()
    process.wait()


def test_no_event_is_lost_or_doubled_over_random_cuts_of_the_link(field, node, link, release):
    chance = random.Random(213)
    node.run()
    number = field.give(release("one", COUNTS_ON))
    wait_until(lambda: field.reports(number, "serving"), "the release to be served")
    workload = node.workloads()
    for cut in range(CUTS):
        link.cut()
        waiting = chance.randrange(1, 10)
        wait_until(lambda: node.status()["events_waiting"] >= waiting, f"events while cut off, cut {cut}")
        if chance.random() < 0.3:
            node.kill()
            node.run()
        link.mend()
        heard = len(field.events)
        wait_until(lambda: len(field.events) > heard, f"events after cut {cut}", deadline_s=40)
    assert node.workloads() == workload, "a cut link ended the workload"
    (node.data / "work/enough").touch()
    count = int(wait_until(lambda: (node.data / "work/count").exists() and (node.data / "work/count").read_text(), "n"))
    wait_until(lambda: len(field.events) == count, f"all {count} events; {len(field.events)} came", deadline_s=40)
    bodies = [json.loads(field.events[number]["body"]) for number in sorted(field.events)]
    assert bodies == [{"n": n} for n in range(1, count + 1)] and not field.doubled


def test_a_reboot_and_an_alarm_behind_a_cut_link(field, node, link, release):
    node.run()
    number = field.give(release("one", ALARM))
    wait_until(lambda: field.reports(number, "serving"), "the camera to watch")
    link.cut()
    node.reboot()
    node.run()
    node.wait_for_serving("one")
    (node.data / "work/smoke").touch()
    wait_until(lambda: node.status()["events_waiting"] == 1, "the alarm to be on the node's disk")
    assert not field.events
    field.syncs.clear()
    link.mend()
    wait_until(lambda: field.events and field.reports(number, "serving", "one"), "the alarm", deadline_s=40)
    assert json.loads(field.events[1]["body"]) == {"kind": "alarm"}
