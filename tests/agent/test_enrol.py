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


def test_a_new_code_after_a_lost_answer_comes_with_a_new_credential(field, new_node):
    node = new_node()
    lost = iter([True])
    field.loses = lambda kind: next(lost, False)
    assert node.call("enrol", "--server", field.url, "--code", "used-code").returncode == 5
    node.enrol(field)
    first, second = [body["credential"] for body in field.enrolments]
    assert first != second, "the server knows the first as the node of the other code"


def test_enrolling_again_changes_nothing_and_another_code_is_refused(field, node):
    again = node.enrol(field)
    assert len(field.enrolments) == 1 and "nothing is changed" in again
    other = node.call("enrol", "--server", field.url, "--code", "other")
    assert other.returncode == 4 and "enrolled already, as node camera-1" in other.stderr
    assert "duru-agent unenrol --data" in other.stderr


def test_a_code_that_the_server_does_not_know_is_refused_with_its_words(field, new_node):
    done = new_node().call("enrol", "--server", field.url, "--code", "wrong")
    assert done.returncode == 4 and "the code is not known" in done.stderr


def test_a_server_beyond_this_machine_is_not_spoken_to_in_clear(new_node):
    done = new_node().call("enrol", "--server", "http://192.0.2.1:80", "--code", "x")
    assert done.returncode == 2 and "would not be protected" in done.stderr


def test_a_folder_that_is_not_enrolled_runs_nothing(new_node):
    for verb in ("run", "status", "unenrol"):
        done = new_node().call(verb)
        assert done.returncode == 3 and "nothing is enrolled in" in done.stderr, done.stderr


def test_a_folder_may_be_named_from_where_one_stands(field, new_node, release, tmp_path, monkeypatch):
    node = new_node()
    node.enrol(field)
    number = field.give(release("one"))
    absolute, node.data = node.data, node.data.relative_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    node.run()
    monkeypatch.chdir("/")
    node.data = absolute
    wait_until(lambda: field.reports(number, "serving", "one"), "the release to be served")


def test_a_code_without_its_whole_fingerprint_is_told_from_a_stranger(new_node):
    done = new_node().call("enrol", "--server", "https://127.0.0.1:1", "--code", "secret.abcdef")
    assert done.returncode == 2 and "the code is not whole: behind its dot stand 6 letters of 32" in done.stderr


def test_what_was_told_of_the_chip_is_not_taken_for_what_was_seen(field, new_node):
    told = new_node().enrol(field, "--chip", "dx-m1", "--accelerators", "2")
    assert "with 2 x dx-m1, as told" in told


def test_a_node_that_unenrols_ends_its_workload_and_leaves_nothing(field, node, release):
    node.run()
    number = field.give(release("one"))
    wait_until(lambda: field.reports(number, "serving", "one"), "the release to be served")
    assert node.call("unenrol").returncode == 4, "an agent runs on it"
    node.terminate()
    assert node.serving() == ["one"]
    done = node.call("unenrol")
    assert done.returncode == 0 and "duru revoke node camera-1" in done.stdout, done.stderr
    assert node.serving() == [] and not node.data.exists()


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
