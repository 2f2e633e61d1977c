"""One table of job files, good and bad, held against both judges: the command line's own check and docs/job.schema.json.

A bad file opens with `# expect: LINE:COLUMN TEXT`: what `duru submit --check` must say, and where
(column `*`: where the YAML library finds out is its own affair). Files in `yaml/` are bad
before the schema could see them: YAML readers differ on what they mean.
"""

import json
import pathlib
import re
import subprocess

import jsonschema
import pytest
import yaml

from harness import ROOT

FILES = pathlib.Path(__file__).parent / "jobfiles"
SCHEMA = json.loads((ROOT / "docs" / "job.schema.json").read_text())


def files_in(folder):
    return sorted(path for path in (FILES / folder).iterdir() if path.suffix in (".yaml", ".json"))


def check(binary, path):
    return subprocess.run([binary, "submit", "--check", path], capture_output=True, text=True, timeout=30)


def schema_problems(path):
    # Every JSON text among them is YAML too.
    return list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(yaml.safe_load(path.read_text())))


def expectation(path):
    found = re.match(r"# expect: (\d+:(?:\d+|\*)) (.+)\n", path.read_text())
    assert found, f"{path} does not open with `# expect: LINE:COLUMN TEXT`"
    return found.groups()


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", files_in("good"), ids=lambda path: path.name)
def test_both_judges_take_a_good_file(duru_binary, path):
    done = check(duru_binary, path)
    assert done.returncode == 0, done.stderr
    assert schema_problems(path) == []


@pytest.mark.parametrize("path", files_in("bad"), ids=lambda path: path.name)
def test_both_judges_refuse_a_bad_file(duru_binary, path):
    assert_refused(duru_binary, path)
    assert schema_problems(path), "the schema takes it"


@pytest.mark.parametrize("path", files_in("yaml"), ids=lambda path: path.name)
def test_what_yaml_readers_read_differently_is_refused(duru_binary, path):
    assert_refused(duru_binary, path)


def assert_refused(binary, path):
    place, text = expectation(path)
    done = check(binary, path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    start = f"{path}:{place.removesuffix('*')}"
    lines = [line for line in done.stderr.splitlines() if line.startswith(start)]
    assert any(text in line for line in lines), done.stderr


JOB_FILES = [path for path in sorted((ROOT / "examples").glob("*/*.yaml")) if "\njobs:" in path.read_text()]


@pytest.mark.parametrize("path", JOB_FILES, ids=lambda path: path.name)
def test_the_examples_are_in_good_form(duru_binary, path):
    assert check(duru_binary, path).returncode == 0
    assert schema_problems(path) == []
