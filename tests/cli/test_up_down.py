"""Starting, finding and stopping a server of this machine, and its journal."""

import json
import os
import re
import subprocess

from harness import wait_until
from harness.server import is_alive


def test_up_detached_returns_when_it_is_ready(new_server):
    server = new_server()
    shown = server.up("--emulate", "h100=1").stdout
    assert shown == f"server: {server.url}  data: {server.data}\n"
    assert oct((server.data / "token").stat().st_mode & 0o777) == "0o600"
    assert is_alive(server.pid)
    # Nothing of its output is tied to the caller.
    assert os.readlink(f"/proc/{server.pid}/fd/1").endswith("server.log")
    assert os.getsid(server.pid) == server.pid


def test_up_tells_why_it_did_not_start(new_server):
    server = new_server()
    server.up("--emulate", "H100=1")
    again = server.cli("up", "--detach", check=False)
    assert again.returncode == 4
    assert "another server" in again.stderr and again.stdout == ""
    assert is_alive(server.pid)


def test_up_refuses_wrong_options(new_server, tmp_path):
    server = new_server()
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text("nodes:\n- name: a\n  cpu: 010\n")
    for arguments in (
        ["--emulate", "h100"],
        ["--emulate", "h100=x"],
        ["--emulate", "h100=1,h100=2"],
        ["--fleet", fleet],
        ["--fleet", "no-such-file"],
    ):
        done = server.cli("up", *arguments, check=False)
        assert done.returncode == 2, done.stderr
    assert f"{fleet}:3:8: " in server.cli("up", "--fleet", fleet, check=False).stderr
    unknown = server.cli("up", "--emulate", "no-such-chip=1", check=False)
    assert unknown.returncode == 2 and unknown.stderr.startswith("error: "), unknown.stderr
    assert not (server.data / "pid").exists()


def test_a_fleet_file_makes_emulated_nodes(new_server, tmp_path):
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text("nodes:\n- {name: n, count: 2, cpu: 4, memory: 8GiB, accelerators: {h100: 2}}\n")
    server = new_server()
    server.up("--fleet", fleet)
    names = [node["name"] for node in server.json("get", "nodes")["items"] if node["emulated"]]
    assert len(names) == 2
    assert "(emulated)" in server.cli("get", "nodes").stdout


def test_down_leaves_work_and_down_all_ends_it(new_server):
    server = new_server()
    server.up()
    server.cli("submit", "-", input="name: lasting\ncommand: [sleep, '60']\n")
    server.cli("wait", "lasting", "--for", "running")
    server.down()
    assert server.processes(), "the work is gone"
    assert server.cli("down", check=False).returncode == 5
    assert server.cli("get", "jobs", check=False).returncode == 5
    server.up()
    assert server.job("lasting")["state"] == "running"
    assert server.cli("down", "--all").stdout == ""
    wait_until(lambda: not server.processes(), "all processes of the folder to end")


def test_down_does_not_stop_a_stranger(new_server):
    server = new_server()
    server.data.mkdir()
    (server.data / "pid").write_text(f"{os.getpid()}\n")
    (server.data / "lock").write_text("")
    assert server.cli("down", check=False).returncode == 5
    (server.data / "pid").unlink()


def test_the_environment_names_a_server(new_server):
    server = new_server()
    server.up()
    environment = server.environment | {"DURU_SERVER": server.url, "DURU_TOKEN": server.token}

    def nodes(*arguments):
        return subprocess.run([server.binary, "get", "nodes", *arguments], env=environment, capture_output=True, text=True)

    assert "ready" in nodes().stdout
    refused = nodes("--server", server.url, "--token", "wrong")
    assert refused.returncode == 4 and "--token" in refused.stderr
    silent = nodes("--server", "http://127.0.0.1:1")
    assert silent.returncode == 5 and "up --detach" in silent.stderr
    assert nodes("--server", "nonsense").returncode == 2


def test_the_journal_is_read_beside_the_server(new_server):
    server = new_server()
    server.up("--emulate", "h100=1")
    server.cli("run", "--name", "noted", "--", "true")
    assert "the journal is sound" in server.cli("journal", "verify").stdout
    assert server.json("journal", "verify")["sound"] is True
    facts = [json.loads(line) for line in server.cli("journal", "dump", "-o", "json").stdout.splitlines()]
    assert [fact["seq"] for fact in facts] == list(range(1, len(facts) + 1))
    assert any(fact["kind"] == "job_ended" for fact in facts)
    assert re.match(r"1  20\S+Z  \w+  \{", server.cli("journal", "dump").stdout)
    commits = [json.loads(line) for line in server.cli("journal", "export").stdout.splitlines()]
    assert sum(len(commit["facts"]) for commit in commits) == len(facts)
    assert all(commit["cause"] is None or commit["cause"]["kind"] for commit in commits)
    assert server.cli("journal", "snapshot").returncode == 0
    assert server.cli("journal", "accept-loss", "--to", "1", check=False).returncode == 4


def test_a_damaged_journal_is_exit_code_1(new_server):
    server = new_server()
    server.up()
    server.down()
    head = server.data / "head"
    head.write_bytes(bytes(len(head.read_bytes())))
    done = server.cli("journal", "verify", check=False)
    assert done.returncode == 1 and "problem: " in done.stdout
    (server.data / "pid").unlink(missing_ok=True)


def test_no_journal_is_exit_code_3(new_server):
    assert new_server().cli("journal", "verify", check=False).returncode == 3


def test_a_relative_data_folder_is_this_one(duru_binary, new_server, tmp_path):
    server = new_server("relative")
    done = subprocess.run(
        [duru_binary, "--data", "relative", "up", "--detach"],
        cwd=tmp_path,
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == f"server: {server.url}  data: {server.data}\n"
    assert os.readlink(f"/proc/{server.pid}/cwd") == "/"
    assert server.cli("run", "--", "echo", "here").stdout == "here\n"
