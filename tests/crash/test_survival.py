"""What a kill -9 may not take away: acknowledged work, running work, the balance of the ledger, and the promise that no
accelerator is handed out while its last holder's processes may live."""

import decimal
import json
import os
import pathlib
import signal
import sys

import pytest

from harness import wait_until

CLASSES = ("used", "idle", "maintenance", "failed", "foreign")


def balance(usage):
    """capacity - sum of the five classes; and used - sum of the items. Both are exactly zero (P8)."""
    amount = {name: decimal.Decimal(usage[f"{name}_accelerator_seconds"]) for name in CLASSES}
    items = sum(decimal.Decimal(item["accelerator_seconds"]) for item in usage["items"])
    return decimal.Decimal(usage["capacity_accelerator_seconds"]) - sum(amount.values()), amount["used"] - items


def submit(server, tmp_path, text, name="job.yaml"):
    path = tmp_path / name
    path.write_text(text)
    server.cli("submit", path)


def task_of(server, job):
    return server.json("describe", "job", job)["attempts"][-1]["tasks"][0]


def supervisor_pid(server, run_name):
    """The supervisor of a task run: the process that runs duru-supervise on its folder."""
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"duru-supervise" in line[0] and any(run_name.encode() in part for part in line):
            return int(entry.name)
    return None


def started(server, job):
    return server.wait_for_state(job, "running")


SESSION = """
name: lab
kind: session
variants: [{chip: h100}]
time_limit: 10m
command: [sleep, "600"]
"""


def test_a_session_runs_on_when_the_server_is_killed_and_the_ledger_balances_before_and_after(server, tmp_path):
    submit(server, tmp_path, SESSION)
    started(server, "lab")
    before_task = task_of(server, "lab")
    before = server.json("usage")
    assert balance(before) == (0, 0)

    server.kill()
    server.up()

    assert server.job("lab")["state"] == "running"
    assert server.job("lab")["attempt_count"] == 1
    after_task = task_of(server, "lab")
    assert after_task["name"] == before_task["name"]
    assert after_task["started_at"] == before_task["started_at"]
    after = server.json("usage")
    assert balance(after) == (0, 0)
    assert decimal.Decimal(after["capacity_accelerator_seconds"]) >= decimal.Decimal(before["capacity_accelerator_seconds"])
    assert decimal.Decimal(after["used_accelerator_seconds"]) > decimal.Decimal(before["used_accelerator_seconds"])
    assert server.cli("journal", "verify").returncode == 0


def test_an_outage_of_the_server_takes_nothing_from_a_lease(server, tmp_path):
    submit(server, tmp_path, SESSION)
    started(server, "lab")
    ends_at = server.job("lab")["lease_ends_at"]
    server.kill()
    server.up()
    assert server.job("lab")["lease_ends_at"] >= ends_at


def test_a_task_that_ends_while_the_server_is_down_is_found_with_its_exit_code_and_its_true_end(server, tmp_path):
    gate = tmp_path / "gate"
    submit(
        server,
        tmp_path,
        json.dumps(
            {
                "name": "away",
                "variants": [{"chip": "h100"}],
                "command": ["sh", "-c", f"while [ ! -e {gate} ]; do sleep 0.05; done; exit 7"],
            }
        ),
    )
    started(server, "away")
    run = task_of(server, "away")["name"]
    server.kill()
    gate.write_text("go")
    wait_until(lambda: supervisor_pid(server, run) is None, "the supervisor to end")
    server.up()
    job = server.wait_for_state("away", "failed")
    assert job["exit_code"] == 7
    assert balance(server.json("usage")) == (0, 0)
    verified = server.cli("journal", "verify")
    assert verified.returncode == 0


# Says in its own output whether a process of the run named in argv[1] is still alive when it begins.
WITNESS = """
import os, sys
marker = ("DURU_TASK_RUN=" + sys.argv[1]).encode()
alive = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        if marker in open(f"/proc/{pid}/environ", "rb").read().split(b"\\0"):
            alive.append(pid)
    except OSError:
        pass
print("alive:", alive)
sys.exit(1 if alive else 0)
"""


@pytest.mark.parametrize("server_dies_too", [False, True])
def test_a_lost_supervisors_accelerator_is_not_handed_out_before_its_tree_is_proven_empty(
    server, tmp_path, server_dies_too
):
    # The task and its child ignore TERM and leave its process group: only a kill of the whole tree ends them.
    stubborn = "trap '' TERM HUP; (setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 1; done') & while :; do sleep 1; done"
    submit(
        server,
        tmp_path,
        json.dumps({"name": "holder", "variants": [{"chip": "h100"}], "command": ["sh", "-c", stubborn]}),
    )
    started(server, "holder")
    run = task_of(server, "holder")["name"]
    (tmp_path / "witness.py").write_text(WITNESS)
    submit(
        server,
        tmp_path,
        json.dumps(
            {
                "name": "next",
                "variants": [{"chip": "h100"}],
                "priority": 10,
                "files": ["witness.py"],
                "command": [sys.executable, "witness.py", run],
            }
        ),
        "next.yaml",
    )
    assert server.job("next")["reason"] == "no_capacity"

    lost = wait_until(lambda: supervisor_pid(server, run), "the supervisor of the run")
    if server_dies_too:
        server.kill()
    os.kill(lost, signal.SIGKILL)
    if server_dies_too:
        server.up()

    job = server.wait_for_state("next", "succeeded", "failed", deadline_s=60)
    assert job["state"] == "succeeded", server.cli("logs", "next").stdout
    first = server.json("describe", "job", "holder")["attempts"][0]
    assert first["outcome"] == "lost"
    assert first["tasks"][0]["released_at"] is not None
    assert balance(server.json("usage")) == (0, 0)
    server.cli("cancel", "holder")
    server.wait_for_state("holder", "cancelled")


def test_what_was_acknowledged_before_a_kill_is_there_after_it(server, tmp_path):
    names = []
    for i in range(20):
        name = f"kept-{i}"
        answer = server.api(
            "POST", "/v1/projects/default/jobs", {"name": name, "track": "gpu", "command": ["sleep", "300"]}
        )
        assert answer.status_code == 201
        names.append(name)
    server.kill()
    server.up()
    listed = {job["name"] for job in server.json("get", "jobs")["items"]}
    assert set(names) <= listed
    assert server.cli("journal", "verify").returncode == 0


def test_the_fleet_and_the_address_are_remembered_when_the_flags_are_absent(server):
    before = server.json("get", "accelerators")["items"]
    server.down()
    server.up()
    assert server.json("get", "accelerators")["items"] == before


def test_a_second_server_on_the_same_data_is_refused(server):
    again = server.cli("up", "--listen", "127.0.0.1:0", check=False)
    assert again.returncode != 0
    assert "another" in again.stderr or "lock" in again.stderr or "process" in again.stderr


def test_a_missing_tail_stops_the_start_and_accept_loss_makes_it_a_fact(server, tmp_path):
    submit(server, tmp_path, SESSION)
    server.cli("cancel", "lab")
    server.wait_for_state("lab", "cancelled")
    server.down()
    # The last record vanishes behind SQLite's back, as after a flipped bit in its log.
    import sqlite3

    with sqlite3.connect(server.data / "journal.db") as database:
        table = [row[0] for row in database.execute("select name from sqlite_master where type='table'")][0]
        (last,) = database.execute(f"select max(first_seq) from {table}").fetchone()
        database.execute(f"delete from {table} where first_seq = ?", (last,))
    refused = server.cli("up", "--listen", "127.0.0.1:0", check=False)
    assert refused.returncode != 0
    assert "acknowledged and are missing" in refused.stderr
    assert f"accept-loss --to {last - 1}" in refused.stderr
    server.cli("journal", "accept-loss", "--to", last - 1)
    server.up()
    assert "loss_accepted" in server.cli("journal", "dump").stdout


def test_a_start_from_a_snapshot_and_its_tail_shows_what_a_full_replay_shows(server, tmp_path):
    def ended(name):
        submit(server, tmp_path, json.dumps({"name": name, "variants": [{"chip": "h100"}], "command": ["true"]}))
        server.wait_for_state(name, "succeeded")

    ended("before")
    submit(server, tmp_path, SESSION)
    started(server, "lab")
    server.down()  # the history has everything
    server.cli("journal", "snapshot")
    server.up()
    ended_at = server.json("usage")["to"]
    submit(server, tmp_path, json.dumps({"name": "tail", "track": "npu", "command": ["true"]}), "tail.yaml")
    server.wait_for_state("tail", "succeeded")
    server.down()

    def everything():
        server.up()
        log = (server.data / "server.log").read_text()
        shown = {
            "jobs": server.json("get", "jobs")["items"],
            "nodes": server.json("get", "nodes")["items"],
            "accelerators": server.json("get", "accelerators")["items"],
            "usage": server.json("usage", "--to", ended_at),
        }
        assert balance(shown["usage"]) == (0, 0)
        for job in shown["jobs"]:
            job.pop("lease_ends_at")  # an outage of ours moves it
        server.down()
        return log.splitlines()[-1], shown

    log, with_snapshot = everything()
    assert "the snapshot at" in (server.data / "server.log").read_text()
    for snapshot in (server.data / "snapshots").iterdir():
        snapshot.unlink()
    _, replayed = everything()
    assert replayed == with_snapshot
