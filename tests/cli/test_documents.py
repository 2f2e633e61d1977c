"""What docs/jobs.md says about a task's surroundings and a fleet file, held to the program."""

import re

from cli.commands import cli
from harness import ROOT

JOBS = (ROOT / "docs" / "jobs.md").read_text()


def test_a_task_finds_the_variables_of_the_table_and_no_others(shared):
    documented = set(re.findall(r"^\| `(DURU_\w+)` \|", JOBS, re.MULTILINE))
    told = cli(shared, "run", "--chip", "h100", "--amount", "2", "--", "env").stdout
    found = dict(line.split("=", 1) for line in told.splitlines() if line.startswith("DURU_"))
    assert found.keys() == documented
    assert (found["DURU_CHIP"], found["DURU_TRACK"], found["DURU_EMULATED"]) == ("h100-sxm5-80gb", "gpu", "1")
    assert re.fullmatch(r"\d,\d", found["DURU_DEVICES"])
    assert (found["DURU_ATTEMPT"], found["DURU_TASK"], found["DURU_TASKS"]) == ("1", "0", "1")


def test_standard_error_goes_into_the_log(shared):
    done = cli(shared, "run", "--", "sh", "-c", "echo one; echo two >&2; echo three")
    assert done.stdout == "one\ntwo\nthree\n"


def test_a_session_has_the_lease_of_the_page(shared):
    lease = re.search(r"`time_limit` is its length, (\w+) when not given", JOBS).group(1)
    cli(shared, "submit", "-", input="name: leased\nkind: session\n")
    assert shared.json("describe", "job", "leased")["spec"]["time_limit"] == lease
    cli(shared, "cancel", "leased")
    cli(shared, "wait", "leased", code=1)


def test_the_example_of_a_fleet_file_makes_its_nodes(new_server, tmp_path):
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text(re.search(r"```yaml\n(nodes:.*?)```", JOBS, re.DOTALL).group(1))
    server = new_server()
    server.up("--fleet", fleet)
    nodes = {node["name"]: node["accelerator_count"] for node in server.json("get", "nodes")["items"]}
    assert nodes == {"gpu-0": 8, "gpu-1": 8, "edge": 1}


def test_the_bill_has_the_classes_of_the_page(shared):
    documented = re.findall(r"^\| `(\w+)` \|", JOBS.split("## Where the time goes")[1].split("##")[0], re.MULTILINE)
    fields = {f"{name}_accelerator_seconds" for name in [*documented, "capacity"]}
    assert {name for name in shared.json("usage") if name.endswith("_accelerator_seconds")} == fields
