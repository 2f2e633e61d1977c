"""The verbs, each against a real server: what they print where, and their exit codes."""

import json
import os
import re
import subprocess

import yaml

from cli.commands import cli


def task(server, *arguments):
    return ["--", str(server.binary), "task", *arguments]


def test_run_shows_the_output_and_exits_with_the_code(shared):
    done = cli(shared, "run", "--", "sh", "-c", "echo out; exit 7", code=7)
    assert done.stdout == "out\n"
    assert "exit code 7" in done.stderr
    assert cli(shared, "run", "--", "sh", "-c", "kill -9 $$", code=137).stdout == ""
    assert cli(shared, "run", "--", "printf", "no line end").stdout == "no line end"


def test_run_exits_with_1_for_what_has_no_code(shared):
    assert "time limit" in cli(shared, "run", "--time-limit", "200ms", *task(shared, "--for", "1m"), code=1).stderr
    assert "No such file" in cli(shared, "run", "--", "no-such-program", code=1).stderr


def test_run_sends_files_and_environment(shared, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.txt").write_text("below")
    outside = tmp_path / "script.sh"
    outside.write_text("#!/bin/sh\ncat lib/a.txt\necho $GREETING\n")
    outside.chmod(0o755)
    done = cli(
        shared, "run", "--file", "lib/a.txt", "--file", outside, "--env", "GREETING=a=b", "--", "./script.sh", cwd=tmp_path
    )
    assert done.stdout == "belowa=b\n"


def test_run_says_that_a_job_reads_no_standard_input(shared, tmp_path):
    (tmp_path / "input").write_text("data")
    for already_read, told in ((0, True), (4, False)):
        with open(tmp_path / "input", "rb") as file:
            file.seek(already_read)
            done = cli(shared, "run", "--", "cat", stdin=file)
        assert done.stdout == ""
        assert ("no standard input" in done.stderr) == told
    reader, writer = os.pipe()
    os.write(writer, b"data")
    os.close(writer)
    with os.fdopen(reader) as pipe:
        assert "no standard input" in cli(shared, "run", "--", "true", stdin=pipe).stderr
    assert "no standard input" not in cli(shared, "run", "--", "true", stdin=subprocess.DEVNULL).stderr


def test_run_says_which_chip_is_emulated(shared):
    done = cli(shared, "run", "--chip", "H100", "--amount", "2", *task(shared))
    assert "h100-sxm5-80gb (emulated)" in done.stderr
    assert "emulated" in done.stdout


def test_run_refuses_what_makes_no_sense(shared):
    for arguments in (
        ["run"],
        ["run", "python3"],
        ["run", "--chip", "h100", "--track", "gpu", "--", "x"],
        ["run", "--amount", "2", "--", "x"],
        ["run", "--cpu", "many", "--", "x"],
        ["run", "--env", "NAME", "--", "x"],
        ["run", "--file", "no-such-file", "--", "x"],
        ["run", "--time-limit", "5", "--", "x"],
    ):
        done = cli(shared, *arguments, code=2)
        assert done.stdout == "" and done.stderr.startswith("error: "), arguments


def test_what_only_the_server_finds_wrong_is_exit_code_2_with_help(shared):
    done = cli(shared, "run", "--chip", "no-such-chip", "--", "x", code=2)
    assert done.stderr.startswith('error: --chip: there is no chip "no-such-chip"') and "help: " in done.stderr
    assert cli(shared, "run", "--chip", "h100", "--amount", "0", "--", "x", code=2).stderr.startswith("error: --amount: ")
    lone = "command: [x]\nretries: {exit_codes: [75]}\n"
    assert "limit: 3, exit_codes: [75]" in cli(shared, "submit", "-", input=lone, code=2).stderr
    assert "give a number from 1" in cli(shared, "get", "jobs", "--limit", "0", code=2).stderr
    assert "retries" in cli(shared, "submit", "-", input="command: [x]\nretries: {limit: -1}\n", code=2).stderr


def test_what_the_fleet_cannot_do_is_exit_code_4_with_help(shared):
    done = cli(shared, "run", "--cpu", "10000", "--", "x", code=4)
    assert "can never run" in done.stderr and "help: " in done.stderr
    cli(shared, "submit", "-", input="name: taken\ncommand: [sleep, '60']\n")
    assert "taken" in cli(shared, "submit", "-", input="name: taken\ncommand: ['true']\n", code=4).stderr
    cli(shared, "cancel", "taken")
    cli(shared, "wait", "taken", code=1)


def test_submit_tells_the_line_of_what_the_server_refuses(shared, tmp_path):
    file = tmp_path / "jobs.yaml"
    file.write_text(
        "jobs:\n  - name: fine\n    command: [x]\n  - name: bad\n    command: [x]\n    variants: [{chip: no-such-chip}]\n"
    )
    done = cli(shared, "submit", file, code=2)
    assert f"{file}:6:17: jobs[1].variants[0].chip: " in done.stderr
    assert not any(job["name"] == "fine" for job in shared.json("get", "jobs")["items"])


def test_submit_takes_files_beside_the_job_file_and_standard_input(shared, tmp_path):
    (tmp_path / "data.txt").write_text("hello")
    file = tmp_path / "job.yaml"
    file.write_text("name: beside\ncommand: [cat, data.txt]\nfiles: [data.txt]\n")
    shown = cli(shared, "submit", file).stdout
    assert re.match(r"beside  [a-z2-7]{16}  \w+\n$", shown)
    cli(shared, "wait", "beside")
    assert cli(shared, "logs", "beside").stdout == "hello"
    piped = cli(shared, "submit", "-", "-o", "name", input="name: piped\ncommand: ['true']\n").stdout
    assert re.match(r"[a-z2-7]{16}\n$", piped)
    cli(shared, "wait", piped.strip())


def test_get_has_every_kind_in_every_form(shared):
    cli(shared, "run", "--name", "shown", "--chip", "aries", *task(shared))
    for kind in ("jobs", "attempts", "nodes", "accelerators", "chips", "sites"):
        items = json.loads(cli(shared, "get", kind, "-o", "json").stdout)["items"]
        assert items
        assert yaml.safe_load(cli(shared, "-o", "yaml", "get", kind).stdout)["items"][0].keys() == items[0].keys()
        assert len(cli(shared, "get", kind, "-o", "name").stdout.splitlines()) == len(items)
        table = cli(shared, "get", kind, "-o", "wide").stdout.splitlines()
        assert len(table) == len(items) + 1
        assert cli(shared, "get", kind, "-o", "wide", "--no-headers").stdout.splitlines()[0] != table[0]


def test_get_refuses_to_narrow_what_is_no_list(shared):
    for arguments in (["--state", "bad"], ["--state", "queued", "--watch"], ["--limit", "1", "--watch"], ["some", "--limit", "1"]):
        assert cli(shared, "get", "jobs", *arguments, code=2).stdout == ""
    assert "queued, starting, running" in cli(shared, "get", "jobs", "--state", "bad", code=2).stderr
    cli(shared, "run", "--name", "narrow", "--", "true")
    states = {job["state"] for job in json.loads(cli(shared, "get", "jobs", "--state", "succeeded,queued", "-o", "json").stdout)["items"]}
    assert states == {"succeeded"}


def test_jobs_of_one_file_stand_in_its_order(shared):
    names = [f"in-order-{c}" for c in "dbcaefgh"]
    cli(shared, "submit", "-", input="jobs:\n" + "".join(f"- {{name: {name}, command: ['true']}}\n" for name in names))
    for name in names:
        cli(shared, "wait", name)
    shown = [line.split()[0] for line in cli(shared, "get", "jobs", "--no-headers").stdout.splitlines()]
    assert [name for name in shown if name.startswith("in-order-")] == names
    billed = [item["job"] for item in shared.json("usage")["items"] if item["job"].startswith("in-order-")]
    assert billed == names


def test_get_and_describe_know_one_by_its_names(shared):
    cli(shared, "run", "--name", "one-thing", "--", "true")
    job = shared.json("get", "job", "job/one-thing")
    assert shared.json("describe", "job", "jobs/one-thing")["job"]["id"] == job["id"]
    assert cli(shared, "logs", "job/one-thing").stdout == ""
    assert (job["name"], job["state"], job["exit_code"]) == ("one-thing", "succeeded", 0)
    assert shared.json("get", "job", job["id"])["id"] == job["id"]
    assert shared.json("describe", "job", "one-thing")["spec"]["command"] == ["true"]
    assert "attempt 1: succeeded" in cli(shared, "describe", "job", "one-thing").stdout
    assert shared.json("get", "chip", "h100")["name"] == "h100-sxm5-80gb"
    node = shared.json("get", "nodes")["items"][0]["name"]
    assert shared.json("get", "node", node)["name"] == node
    assert "h100-sxm5-80gb (emulated)" in cli(shared, "describe", "node", node).stdout
    assert shared.json("get", "accelerator", f"{node}/0")["index"] == 0
    assert "chip: " in cli(shared, "describe", "accelerator", f"{node}/0").stdout
    assert "engine: local" in cli(shared, "describe", "site", "here").stdout


def test_what_is_not_there_is_exit_code_3(shared):
    for arguments in (
        ["get", "job", "none"],
        ["describe", "job", "none"],
        ["get", "chip", "none"],
        ["describe", "site", "none"],
        ["get", "node", "none"],
        ["get", "accelerator", "none/0"],
        ["logs", "none"],
        ["wait", "none"],
        ["cancel", "none"],
        ["explain", "none"],
        ["cordon", "none"],
        ["remove", "node", "none"],
        ["remove", "release", "none"],
    ):
        done = cli(shared, *arguments, code=3)
        assert done.stdout == "" and done.stderr.startswith("error: ") and "none" in done.stderr, arguments


def test_a_job_that_waits_is_explained(shared):
    cli(shared, "submit", "-", input=f"name: holder\nvariants: [{{chip: aries}}]\ncommand: [sleep, '60']\n")
    cli(shared, "submit", "-", input="name: waiter\nvariants: [{chip: aries}]\ncommand: ['true']\n")
    shown = cli(shared, "explain", "waiter").stdout
    assert "waiter is queued" in shown and "no_capacity" in shown and "what would help" in shown
    assert shared.json("explain", "waiter")["figures"]["accelerators_free"] == 0
    gave_up = cli(shared, "wait", "waiter", "--timeout", "100ms", code=6).stderr
    assert "waited 100ms in vain: waiter is queued: no_capacity" in gave_up
    assert "never started" in cli(shared, "logs", "waiter").stderr
    cli(shared, "wait", "holder", "--for", "running")
    cli(shared, "cancel", "holder")
    cli(shared, "wait", "holder", code=1)
    cli(shared, "wait", "waiter")
    assert "holder is cancelled" in cli(shared, "explain", "holder").stdout


def test_a_chain_is_explained_by_where_it_began(shared):
    first = "name: chain-a\n  command: [sh, -c, 'exit 3']\n"
    chain = "jobs:\n- " + first + "- {name: chain-b, command: [x], after: [chain-a]}\n- {name: chain-c, command: [x], after: [chain-b]}\n"
    cli(shared, "submit", "-", input=chain)
    cli(shared, "wait", "chain-c", code=1)
    shown = cli(shared, "explain", "chain-c").stdout
    root = shared.job("chain-a")["id"]
    assert "root cause: chain-a failed: exit code 3" in shown
    assert f"what would help: duru logs {root}" in shown
    assert re.search(r"^after: chain-b \([a-z2-7]{16}\)$", cli(shared, "describe", "job", "chain-c").stdout, re.MULTILINE)
    cli(shared, "submit", "-", input=chain.replace("exit 3", "sleep 60"))
    cli(shared, "wait", "chain-a", "--for", "running")
    assert "it all waits for: chain-a is running on" in cli(shared, "explain", "chain-c").stdout
    cli(shared, "cancel", "chain-a")
    cli(shared, "wait", "chain-c", code=1)


def test_wait_for_a_state(shared):
    cli(shared, "submit", "-", input="name: failing\ncommand: ['false']\n")
    cli(shared, "wait", "failing", "--for", "failed")
    cli(shared, "wait", "failing", "--for", "running")  # it has been
    cli(shared, "wait", "failing", code=1)
    cli(shared, "wait", "failing", "--for", "resting", code=2)
    cli(shared, "wait", "failing", "--timeout", "soon", code=2)


def test_a_session_is_extended(shared):
    cli(shared, "submit", "-", input="name: notebook\nkind: session\ntime_limit: 1h\n")
    cli(shared, "wait", "notebook", "--for", "running")
    before = shared.json("get", "job", "notebook")["lease_ends_at"]
    assert shared.json("extend", "notebook", "--by", "1h")["lease_ends_at"] > before
    cli(shared, "extend", "notebook", "--by", "soon", code=2)
    cli(shared, "extend", "notebook", code=2)
    cli(shared, "cancel", "notebook")
    cli(shared, "wait", "notebook", code=1)
    cli(shared, "extend", "notebook", "--by", "1h", code=4)


def test_nodes_are_cordoned_and_drained(shared):
    node = shared.json("get", "nodes")["items"][0]["name"]
    assert "duru uncordon" in cli(shared, "cordon", node, "--reason", "new cables").stderr
    shown = shared.json("get", "node", node)
    assert (shown["state"], shown["reason"]) == ("cordoned", "new cables")
    assert shared.json("uncordon", node)["state"] == "ready"
    cli(shared, "submit", "-", input="name: drained\ncommand: [sleep, '60']\n")
    cli(shared, "wait", "drained", "--for", "running")
    refused = cli(shared, "remove", "node", node, code=4).stderr
    assert "still takes work" in refused and f"duru drain {node}" in refused and "--force" in refused
    assert "has 1 task runs" in cli(shared, "remove", "node", node, "--force", code=4).stderr
    cli(shared, "drain", node, "--grace", "10m")
    stop_at = shared.json("get", "node", node)["stop_at"]
    longer = cli(shared, "drain", node, "--grace", "20m").stderr
    assert f"is being drained already, what runs is stopped at {stop_at}" in longer
    cli(shared, "drain", node, "--grace", "0s")
    shared.wait_for_state("drained", "queued")
    assert cli(shared, "uncordon", node, "-o", "name").stdout == f"{node}\n"
    cli(shared, "wait", "drained", "--for", "running")
    cli(shared, "cancel", "drained")
    cli(shared, "wait", "drained", code=1)


def test_an_accelerator_is_marked(shared):
    name = shared.json("get", "accelerators")["items"][0]["name"]
    cli(shared, "mark", "accelerator", name, "unhealthy", "--reason", "ECC errors")
    shown = shared.json("get", "accelerator", name)
    assert (shown["state"], shown["reason"]) == ("unhealthy", "ECC errors")
    chip = shown["chip"]
    others = [a["name"] for a in shared.json("get", "accelerators")["items"] if a["chip"] == chip and a["name"] != name]
    for other in others:
        cli(shared, "mark", "accelerator", other, "unhealthy", "--reason", "ECC errors")
    cli(shared, "submit", "-", input=f"name: unserved\nvariants: [{{chip: {chip}}}]\ncommand: ['true']\n")
    help_line = cli(shared, "explain", "unserved").stdout.splitlines()[-1]
    assert "what would help: duru get accelerators shows which are out of service" in help_line
    for other in others:
        cli(shared, "mark", "accelerator", other, "healthy")
    assert shared.json("mark", "accelerator", name, "healthy")["state"] in ("free", "used")
    cli(shared, "wait", "unserved")
    cli(shared, "mark", "accelerator", "nonsense", "healthy", code=2)
    cli(shared, "mark", "accelerator", name, "tired", code=2)
    assert "--reason" in cli(shared, "mark", "accelerator", name, "unhealthy", code=2).stderr


def test_the_bill_balances_and_says_what_is_emulated(shared):
    cli(shared, "run", "--name", "billed", "--chip", "h100", *task(shared, "--for", "100ms"))
    shown = cli(shared, "usage").stdout
    assert "h100-sxm5-80gb (emulated)" in shown and "total emulated" in shown
    assert "published watts × held time" in shown
    assert shown.endswith("times are this machine's CPU's, not the chip's\n")
    usage = shared.json("usage")
    assert any(item["job"] == "billed" and item["emulated"] for item in usage["items"])
    assert yaml.safe_load(cli(shared, "usage", "-o", "yaml").stdout)["items"]
    cli(shared, "usage", "--from", "yesterday", code=2)


def test_version_tells_of_both_sides(shared):
    shown = shared.json("version")
    assert shown["client"] and shown["server"]["installation"]
    assert cli(shared, "version").stdout.startswith("client: ")


def test_a_task_writes_its_output(shared):
    file = f"name: writer\ncommand: [{shared.binary}, task, --output, out.txt]\noutputs: [out.txt]\n"
    cli(shared, "submit", "-", input=file)
    cli(shared, "wait", "writer")
    assert shared.json("describe", "job", "writer")["outputs"][0]["name"] == "out.txt"
    assert re.search(r"size: \d+B$", cli(shared, "describe", "job", "writer").stdout, re.MULTILINE)
    cli(shared, "task", "--output", "x", code=2)
    cli(shared, "task", "--exit", "3", code=3)


def test_describe_says_where_memory_is_not_limited(server):
    enforced = server.json("get", "sites")["items"][0]["capabilities"]["enforces_memory"]
    server.cli("run", "--name", "bounded", "--memory", "64MiB", "--", "true")
    said = server.json("describe", "job", "bounded")["attempts"][0]["tasks"][0]["message"]
    assert ("memory is not limited" in said) != enforced
