"""Becoming a node, and what the command line says when it cannot be."""

import re
import stat

from harness import ROOT, wait_until


def test_a_lost_answer_is_asked_for_again_with_the_same_credential(field, new_node):
    node = new_node()
    lost = iter([True])
    field.loses = lambda kind: next(lost, False)
    first = node.call("enrol", "--server", field.url, "--code", "right-code", "--node", "ridge")
    assert first.returncode == 5, first.stderr
    node.enrol(field, "--node", "ridge")
    sent = [body["credential"] for body in field.enrolments]
    assert len(sent) == 2 and sent[0] == sent[1] and len(sent[0]) == 64
    assert node.status()["node"] == "ridge"
    assert stat.S_IMODE((node.data / "identity").stat().st_mode) == 0o600
    assert sent[0] not in node.call("status").stdout


def test_enrolling_again_changes_nothing_and_another_code_is_refused(field, node):
    node.enrol(field)
    assert len(field.enrolments) == 1
    other = node.call("enrol", "--server", field.url, "--code", "other")
    assert other.returncode == 4 and "enrolled already, as node camera-1" in other.stderr


def test_a_code_that_the_server_does_not_know_is_refused_with_its_words(field, new_node):
    done = new_node().call("enrol", "--server", field.url, "--code", "wrong")
    assert done.returncode == 4 and "the code is not known" in done.stderr


def test_a_server_beyond_this_machine_is_not_spoken_to_in_clear(new_node):
    done = new_node().call("enrol", "--server", "http://192.0.2.1:80", "--code", "x")
    assert done.returncode == 2 and "would not be protected" in done.stderr


def test_a_folder_that_is_not_enrolled_runs_nothing(new_node):
    done = new_node().call("run")
    assert done.returncode == 3, done.stderr


def test_a_second_agent_on_the_folder_is_refused(field, node):
    node.run()
    wait_until(lambda: field.syncs, "the first agent to run")
    done = node.call("run")
    assert done.returncode == 4 and "another duru-agent runs" in done.stderr


def test_the_command_line_explains_itself(agent_binary, new_node):
    node = new_node()
    assert node.call("enrol", "--chip", "dx-m1").returncode == 2
    assert node.call("enrol", "--server", "http://127.0.0.1:1", "--code", "c", "--cpu", "many").returncode == 2
    shown = node.call("--help").stdout
    assert "duru-agent run --data" in shown and "duru-agent enrol --server" in shown


def test_the_documentation_s_commands_do_what_it_says(field, new_node, release):
    text = (ROOT / "docs/agent.md").read_text()
    enrol, run, status = re.findall(r"^duru-agent (.*)$", text, re.MULTILINE)
    node = new_node()

    def words(command):
        said = command.replace("http://127.0.0.1:8080", field.url).replace(" CODE ", " right-code ")
        return [word for word in said.split() if word not in ("--data", "/var/lib/duru-agent")]

    assert node.call(*words(enrol)).returncode == 0
    assert words(run) == ["run"]
    node.run()
    number = field.give(release("one"))
    wait_until(lambda: field.reports(number, "serving", "one"), "the release to be served")
    shown = node.call(*words(status)).stdout
    assert re.search(r"^phase: +serving$", shown, re.MULTILINE) and re.search(r"^serving: +one$", shown, re.MULTILINE)
