"""Verbs of the field without any node: what apply, enrol, events and get say of what is wrong, or not what was meant."""

import os
import re

import pytest

from cli.commands import cli

RELEASE = "kind: Release\nname: {name}\nfiles: [{file}]\ncommand: [x]\nprobe: {{command: [x]}}\n"


def applied(server, text, code=0):
    return cli(server, "apply", "-f", "-", input=text, code=code)


@pytest.fixture(scope="module")
def empty_fleet(shared):
    """A fleet that no node is in, and a release to roll out to it."""
    applied(shared, "kind: Fleet\nname: nowhere\nselector: {site: nowhere}\n---\n" + RELEASE.format(name="e-1", file=""))
    return "kind: Rollout\nname: {}\nfleet: nowhere\nrelease: e-1\n"


def test_a_rollout_to_a_fleet_without_nodes_is_warned_of(shared, empty_fleet):
    done = applied(shared, empty_fleet.format("to-nobody"))
    assert done.stdout == "rollout/to-nobody  created  completed\n"
    assert "warning: fleet nowhere has no nodes, so nothing was tried" in done.stderr


def test_an_ended_rollout_that_is_applied_again_is_said_not_to_begin(shared, empty_fleet):
    applied(shared, empty_fleet.format("once"))
    again = applied(shared, empty_fleet.format("once"))
    assert again.stdout == "rollout/once  unchanged  completed\n"
    assert "rollout once has ended before (completed) and does not begin again: give another name" in again.stderr
    assert "warning" not in again.stderr


def test_apply_tells_what_is_new_what_is_changed_and_what_is_as_it_was(shared, tmp_path):
    fleet = "kind: Fleet\nname: told\nselector: {site: told}\n"
    assert applied(shared, fleet).stdout == "fleet/told  created\n"
    assert applied(shared, fleet).stdout == "fleet/told  unchanged\n"
    assert applied(shared, fleet + "heartbeat: 5s\n").stdout == "fleet/told  changed\n"
    release = RELEASE.format(name="told-1", file="")
    assert applied(shared, release + "---\n" + fleet + "heartbeat: 5s\n").stdout == (
        "fleet/told  unchanged\nrelease/told-1  created\n"
    )
    assert applied(shared, release).stdout == "release/told-1  unchanged\n"


@pytest.mark.parametrize("waves", ["[60%, 60%]", "[10%, 20%]", "[1, 50%]"])
def test_a_last_wave_that_says_less_than_it_takes_is_remarked_on(shared, tmp_path, waves):
    path = tmp_path / "field.yaml"
    path.write_text(f"kind: Rollout\nname: a\nfleet: f\nrelease: r\nwaves: {waves}\n")
    told = cli(shared, "apply", "--check", "-f", path).stderr
    assert re.search(r"field\.yaml:5:\d+: waves\[1\]: the last wave takes all nodes that are left", told), told


@pytest.mark.parametrize("waves", ["[40%, 60%]", "[10%, 3, 100%]", "[1, 9]"])
def test_waves_that_come_out_even_are_not_remarked_on(shared, tmp_path, waves):
    path = tmp_path / "field.yaml"
    path.write_text(f"kind: Rollout\nname: a\nfleet: f\nrelease: r\nwaves: {waves}\n")
    assert "the last wave" not in cli(shared, "apply", "--check", "-f", path).stderr


def test_a_chip_that_this_program_does_not_know_is_remarked_on(shared, tmp_path):
    path = tmp_path / "field.yaml"
    path.write_text(RELEASE.format(name="a", file="") + "chips: [dx-m1, no-such-chip]\n")
    told = cli(shared, "apply", "--check", "-f", path).stderr
    assert 'field.yaml:6:16: chips[1]: the catalogue of this program has no chip "no-such-chip"' in told


def test_a_pipe_among_the_files_of_a_release_is_refused_and_not_waited_for(shared, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / "field.yaml"
    path.write_text(RELEASE.format(name="piped", file="pipe"))
    refused = cli(shared, "apply", "-f", path, code=2)
    assert re.search(r"field\.yaml:3:9: files\[0\]: .*/pipe is a pipe or a device, no file", refused.stderr), refused.stderr


def test_enrol_names_the_option_that_is_wrong_and_once(shared):
    twice = cli(shared, "enrol", "--label", "a=b", "--label", "a=c", code=2).stderr
    assert twice == 'error: --label: the key "a" is given twice\n'
    endless = cli(shared, "enrol", "--valid", "0s", code=2).stderr
    assert endless.startswith("error: --valid: is not above 0 and at most 30d\n")
    assert cli(shared, "enrol", "--label", "a=b c", code=2).stderr.startswith('error: --label: "b c" is no label\'s value\n')


@pytest.mark.parametrize("follow", [[], ["-f"]])
def test_events_of_a_node_or_a_fleet_that_is_not_there_are_not_waited_for(shared, follow):
    assert "there is no node \"nosuch\"" in cli(shared, "events", "--node", "nosuch", *follow, code=3).stderr
    assert "there is no fleet nosuch" in cli(shared, "events", "--fleet", "nosuch", *follow, code=3).stderr


def test_nodes_of_a_fleet_that_is_not_there_are_not_found(shared, empty_fleet):
    assert "there is no fleet nosuch" in cli(shared, "get", "nodes", "--fleet", "nosuch", code=3).stderr
    assert cli(shared, "get", "nodes", "--fleet", "nowhere").stderr == "no nodes\n"
    assert "--fleet is for nodes" in cli(shared, "get", "jobs", "--fleet", "nowhere", code=2).stderr
