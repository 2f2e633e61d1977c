"""Jobs that are tried again, and gangs of which one task fails: what logs, run and the tables show of them."""

import re

from cli.commands import Running, cli
from harness import wait_until

RETRIED = "retries: {limit: 1}\ncommand: [sh, -c, 'echo attempt $DURU_ATTEMPT; exit $((4 - DURU_ATTEMPT))']\n"

def gang(folder):
    """Of three tasks the middle one fails once the others have written."""
    script = (
        f"cd {folder}; echo task $DURU_TASK of attempt $DURU_ATTEMPT; touch $DURU_ATTEMPT.$DURU_TASK; "
        "test $DURU_TASK = 1 || exec sleep 60; "
        "until test -e $DURU_ATTEMPT.0 -a -e $DURU_ATTEMPT.2; do sleep 0.05; done; exit 5"
    )
    return f"name: gang\ntasks: 3\ncpu: '0.1'\nretries: {{limit: 1}}\ncommand: [sh, -c, '{script}']\n"


def test_logs_follow_goes_on_with_the_next_attempt_until_the_job_is_over(shared):
    cli(shared, "submit", "-", input="name: retried\n" + RETRIED)
    done = cli(shared, "logs", "-f", "retried")
    assert done.stdout == "attempt 1\nattempt 2\n"
    assert "-- retried, attempt 2, " in done.stderr
    assert "queued: starting_backoff" in done.stderr
    assert cli(shared, "logs", "retried").stdout == "attempt 2\n"
    assert cli(shared, "logs", "-f", "retried", "--attempt", "1").stdout == "attempt 1\n"
    cli(shared, "logs", "-f", "retried", "--attempt", "3", code=3)


def test_run_goes_on_with_the_next_attempt_and_exits_with_its_code(shared, tmp_path):
    node = shared.json("get", "nodes")["items"][0]["name"]
    script = "echo attempt $DURU_ATTEMPT; test $DURU_ATTEMPT = 1 && sleep 60; exit 9"
    run = Running(shared, tmp_path, "run", "--name", "moved", "--", "sh", "-c", script)
    wait_until(lambda: run.says("attempt 1"), "the first attempt")
    cli(shared, "drain", node, "--grace", "0s")
    shared.wait_for_state("moved", "queued")
    waiting = dict(zip(*(line.split() for line in cli(shared, "get", "job", "moved").stdout.splitlines())))
    assert (waiting["CHIP"], waiting["RAN"], waiting["EXIT"]) == ("-", "-", "-")
    assert "nodes:" not in cli(shared, "describe", "job", "moved").stdout
    cli(shared, "uncordon", node)
    assert run.exit_code() == 9
    assert run.out.read_text() == "attempt 1\nattempt 2\n"
    assert "-- moved, attempt 2, " in run.err.read_text()


def test_logs_of_a_failed_gang_show_the_task_that_failed(shared, tmp_path):
    cli(shared, "submit", "-", input=gang(tmp_path))
    followed = cli(shared, "logs", "-f", "gang")
    assert followed.stdout == "task 0 of attempt 1\ntask 0 of attempt 2\n"
    assert "attempt 1: task 1 failed (exit code 5); duru logs " in followed.stderr
    assert "attempt 2: task 1 failed" in followed.stderr
    shown = cli(shared, "logs", "gang")
    assert shown.stdout == "task 1 of attempt 2\n"
    assert "attempt 2, task 1" in shown.stderr and "it failed: exit code 5" in shown.stderr
    assert cli(shared, "logs", "gang", "--task", "2").stdout == "task 2 of attempt 2\n"
    assert cli(shared, "logs", "gang", "--attempt", "1").stdout == "task 1 of attempt 1\n"
    assert cli(shared, "logs", "-f", "gang", "--task", "0", "--attempt", "1").stdout == "task 0 of attempt 1\n"
    cli(shared, "logs", "gang", "--task", "9", code=3)
    assert [a["attempt"] for a in shared.json("get", "attempts", "gang")["items"]] == [2, 1]
    assert len(cli(shared, "get", "attempts", "gang").stdout.splitlines()) == 3


def test_the_table_times_the_last_attempt(shared):
    script = "name: timed\nretries: {limit: 1}\ncommand: [sh, -c, 'test $DURU_ATTEMPT = 2 || { sleep 3; exit 1; }']\n"
    cli(shared, "submit", "-", input=script)
    cli(shared, "wait", "timed")
    for shown in (cli(shared, "get", "job", "timed"), cli(shared, "get", "jobs", "--limit", "1")):
        row = dict(zip(*(re.split(r"  +", line) for line in shown.stdout.splitlines()[:2])))
        assert row["NAME"] == "timed"
        # It ran for 3 s, waited for at least a second, and ran for next to nothing.
        assert re.fullmatch(r"[1-9]\d*(\.\d)?s", row["WAITED"]), row
        assert re.fullmatch(r"\d+ms|[0-2]\.\ds|0s", row["RAN"]), row
