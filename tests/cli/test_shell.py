"""Help, completion and the small rules of the command line; no server."""

import json
import os
import re
import shutil
import subprocess

import pytest

from harness import ROOT

VERBS = (
    "up down run submit get describe logs download wait cancel extend explain usage cordon drain uncordon remove mark apply "
    "rollout enrol revoke events journal scenario task completion version"
).split()


def duru(binary, *arguments, **options):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DURU_")} | {"XDG_STATE_HOME": "/nonexistent"}
    return subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=30, env=environment, **options)


def test_help_names_every_verb(duru_binary):
    shown = duru(duru_binary, "--help")
    assert shown.returncode == 0 and shown.stderr == ""
    assert re.findall(r"^  (\w+)  +[A-Z]", shown.stdout.split("Subcommands:")[1], re.MULTILINE) == VERBS


@pytest.mark.parametrize("verb", [*VERBS, "journal verify", "journal dump", "journal export", "scenario run"])
def test_every_verb_has_help_with_an_example(duru_binary, verb):
    shown = duru(duru_binary, *verb.split(), "--help")
    assert shown.returncode == 0
    assert f"Usage: duru {verb}" in shown.stdout
    assert f"duru {verb}" in shown.stdout.split("Examples:")[1]
    assert duru(duru_binary, "help", *verb.split()).stdout == shown.stdout


def test_the_reference_has_every_verb(duru_binary):
    reference = (ROOT / "docs" / "cli.md").read_text()
    for verb in VERBS:
        assert re.search(rf"^\| `{verb}\b", reference, re.MULTILINE), verb


def test_the_reference_and_the_help_have_every_state(duru_binary):
    sentence = re.search(r"^A job is (.*?)\.$", (ROOT / "docs" / "cli.md").read_text(), re.MULTILINE)[1]
    states = re.findall(r"`(\w+)`", sentence)
    assert len(states) == 8
    shown = " ".join(duru(duru_binary, "get", "--help").stdout.split())
    assert ", ".join(states) in shown


def test_wrong_usage_is_exit_code_2_on_stderr(duru_binary):
    for arguments in ([], ["gett"], ["get"], ["get", "jobs", "--what"], ["get", "jobs", "-o", "xml"], ["wait"]):
        done = duru(duru_binary, *arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert "--help`" in done.stderr


def test_a_mistyped_word_is_told_with_what_was_meant(duru_binary):
    for arguments, meant in (
        (["sumbit"], 'unknown verb "sumbit": did you mean "submit"?'),
        (["journal", "verfiy"], 'unknown verb "verfiy": did you mean "verify"?'),
        (["get", "jbos"], 'did you mean "jobs"?'),
        (["get", "jobs", "--wacth"], 'unknown option "--wacth": did you mean "--watch"?'),
        (["get", "jobs", "--state", "runing"], 'did you mean "running"?'),
        (["get", "jobs", "--state", "pending"], 'did you mean "queued"?'),
        (["squeue"], "here it is duru get jobs"),
    ):
        done = duru(duru_binary, *arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert meant in done.stderr


def test_version_is_a_flag_too(duru_binary):
    shown = duru(duru_binary, "--version")
    assert (shown.returncode, shown.stdout) == (0, duru(duru_binary, "version").stdout)


def test_no_server_is_exit_code_5_and_says_what_to_do(duru_binary):
    done = duru(duru_binary, "get", "jobs")
    assert (done.returncode, done.stdout) == (5, "")
    assert "up --detach" in done.stderr
    assert json.loads(duru(duru_binary, "version", "-o", "json").stdout)["server"] is None


def test_a_full_disk_is_not_a_success(duru_binary):
    with open("/dev/full", "w") as full:
        done = subprocess.run([duru_binary, "completion", "bash"], stdout=full, stderr=subprocess.PIPE, timeout=30)
    assert done.returncode != 0


COMPLETE = """
source <("$1" completion bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_duru
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(binary, *words):
    done = subprocess.run(
        ["bash", "-c", COMPLETE, "bash", binary, *words], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_verbs_options_and_words(duru_binary):
    assert complete(duru_binary, "") == VERBS
    assert complete(duru_binary, "co") == ["cordon", "completion"]
    assert "chips" in complete(duru_binary, "get", "")
    assert "--watch" in complete(duru_binary, "get", "jobs", "--w")
    assert complete(duru_binary, "journal", "ver") == ["verify"]
    assert complete(duru_binary, "get", "jobs", "--state", "=", "suc") == ["succeeded"]
    assert "--data" in complete(duru_binary, "journal", "verify", "--")
    assert complete(duru_binary, "run", "--", "--") == []


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_take_their_script(duru_binary, shell, tmp_path):
    script = duru(duru_binary, "completion", shell).stdout
    assert "completion words -- " in script
    if shutil.which(shell):
        (tmp_path / "script").write_text(script)
        subprocess.run([shell, "-n", tmp_path / "script"], check=True, timeout=30)
