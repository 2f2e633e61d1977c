"""What the command line does while something happens: interrupts, watching, a server that goes away and comes back."""

import json
import signal
import subprocess

from cli.commands import Running
from harness import wait_until


def test_the_first_interrupt_cancels_the_job(shared, tmp_path):
    run = Running(shared, tmp_path, "run", "--name", "stopped", "--", "sh", "-c", "echo begun; sleep 60")
    wait_until(lambda: run.says("begun"), "the job's first line")
    run.process.send_signal(signal.SIGINT)
    assert run.exit_code() == 1
    assert "cancelling" in run.err.read_text()
    assert shared.job("stopped")["state"] == "cancelled"


def test_the_second_interrupt_leaves_it(shared, tmp_path):
    script = "trap '' TERM; echo begun; while :; do sleep 0.1; done"
    run = Running(shared, tmp_path, "run", "--name", "left", "--", "sh", "-c", script)
    wait_until(lambda: run.says("begun"), "the job's first line")
    run.process.send_signal(signal.SIGINT)
    wait_until(lambda: "cancelling" in run.err.read_text(), "the first interrupt to be taken")
    run.process.send_signal(signal.SIGINT)
    assert run.exit_code() == 130
    assert shared.job("left")["state"] in ("running", "ending")


def test_watch_shows_every_change(shared, tmp_path):
    watch = Running(shared, tmp_path, "get", "jobs", "--watch", "-o", "json")
    shared.cli("run", "--name", "watched", "--", "true")

    def states():
        lines = [json.loads(line) for line in watch.out.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return [job["state"] for job in lines if job["name"] == "watched"]

    wait_until(lambda: "succeeded" in states(), "the end of the job on the stream")
    watch.process.kill()
    watch.process.wait()
    assert states()[-1] == "succeeded"
    shared.cli("get", "chips", "--watch", check=False)


def test_watch_and_run_outlive_the_server(new_server, tmp_path):
    server = new_server()
    server.up("--emulate", "h100=1")
    (tmp_path / "watch").mkdir()
    watch = Running(server, tmp_path / "watch", "get", "jobs", "--watch", "-o", "name")
    # It writes a line, waits for a file, writes another.
    flag = tmp_path / "flag"
    script = f"echo before; while [ ! -e {flag} ]; do sleep 0.05; done; echo after"
    run = Running(server, tmp_path, "run", "--name", "lasting", "--", "sh", "-c", script)
    wait_until(lambda: run.says("before"), "the job's first line")
    job = server.job("lasting")["id"]
    server.kill()
    server.up()  # elsewhere: it takes another free port
    flag.touch()
    assert run.exit_code() == 0, run.err.read_text()
    assert run.out.read_text() == "before\nafter\n"
    server.cli("run", "--name", "later", "--", "true")
    later = server.job("later")["id"]
    wait_until(lambda: watch.says(job) and watch.says(later), "the watch to go on")
    watch.process.kill()
    watch.process.wait()


def test_logs_follow_waits_for_the_start(shared, tmp_path):
    shared.cli("submit", "-", input="name: blocker\nvariants: [{chip: aries}]\ncommand: [sleep, '60']\n")
    shared.cli("submit", "-", input="name: behind\nvariants: [{chip: aries}]\ncommand: [echo, here]\n")
    logs = Running(shared, tmp_path, "logs", "-f", "behind")
    shared.cli("cancel", "blocker")
    assert logs.exit_code() == 0
    assert logs.out.read_text().endswith("here\n")


def test_logs_follow_ends_with_how_the_job_failed(shared, tmp_path):
    shared.cli("submit", "-", input="name: to-fail\ncommand: [sh, -c, 'exit 3']\n")
    logs = Running(shared, tmp_path, "logs", "-f", "to-fail")
    assert logs.exit_code() == 0
    assert logs.err.read_text().splitlines()[-1] == "to-fail failed: exit code 3"


def test_a_job_whose_output_nobody_reads_is_cancelled(shared):
    command = f"'{shared.binary}' --data '{shared.data}' run --name unread -- sh -c 'while echo y; do sleep 0.01; done' | head -1"
    done = subprocess.run(["bash", "-c", command], env=shared.environment, capture_output=True, text=True, timeout=30)
    assert done.stdout == "y\n"
    shared.wait_for_state("unread", "cancelled")


def test_completion_knows_the_names_that_the_server_has(shared):
    shared.cli("run", "--name", "named-one", "--", "true")

    def words(*line):
        # As the scripts ask: the server is named on the line that is completed.
        done = subprocess.run(
            [shared.binary, "completion", "words", "--", "--data", shared.data, *line],
            env=shared.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return done.stdout.split()

    node = shared.json("get", "nodes")["items"][0]["name"]
    assert words("logs", "-f", "named") == ["named-one"]
    assert words("describe", "job", "named") == ["named-one"]
    assert words("drain", "") == [node]
    assert words("mark", "accelerator", "") == [f"{node}/{index}" for index in range(3)]
    assert "h100" in words("run", "--chip", "h1")
    assert words("logs", "nobody") == []
    assert words("cancel", "named") == []  # it is over
    shared.cli("submit", "-", input="name: with-outputs\ncommand: [sh, -c, 'touch $DURU_OUTPUTS/a1 $DURU_OUTPUTS/a2']\noutputs: [a1, a2]\n")
    shared.cli("wait", "with-outputs")
    assert words("download", "with-outputs", "a") == ["a1", "a2"]
    home = subprocess.run(
        [shared.binary, "completion", "words", "--", "--data", f"~/{shared.data.name}", "drain", ""],
        env=shared.environment | {"HOME": str(shared.data.parent)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert home.stdout.split() == [node]
