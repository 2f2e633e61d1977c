"""Files for `duru apply`, good and bad, held against both judges: the command line's own check and docs/field.schema.json.

A bad file opens with `# expect: LINE:COLUMN TEXT`: what `duru apply --check` must say, and where.
"""

import json
import pathlib
import re
import shutil
import subprocess

import jsonschema
import pytest
import yaml

from harness import ROOT

FILES = pathlib.Path(__file__).parent / "fieldfiles"
SCHEMA = json.loads((ROOT / "docs" / "field.schema.json").read_text())


def files_in(folder):
    return sorted((FILES / folder).glob("*.yaml"))


def check(binary, path):
    return subprocess.run([binary, "apply", "--check", "-f", path], capture_output=True, text=True, timeout=30)


def schema_problems(path):
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [problem for document in yaml.safe_load_all(path.read_text()) for problem in validator.iter_errors(document)]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


# They need the model that their jobs make, so each is judged in a copy that has one.
EXAMPLES = [path for path in sorted((ROOT / "examples").glob("*/*.yaml")) if "\nkind:" in path.read_text()]


@pytest.mark.parametrize("path", files_in("good"), ids=lambda path: path.name)
def test_both_judges_take_a_good_file(duru_binary, path):
    done = check(duru_binary, path)
    assert done.returncode == 0, done.stderr
    assert schema_problems(path) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_in_good_form(duru_binary, path, tmp_path):
    folder = shutil.copytree(path.parent, tmp_path / "example")
    (folder / "model-int8.onnx").write_bytes(b"model")
    done = check(duru_binary, folder / path.name)
    assert done.returncode == 0, done.stderr
    assert schema_problems(path) == []


@pytest.mark.parametrize("path", files_in("bad"), ids=lambda path: path.name)
def test_both_judges_refuse_a_bad_file(duru_binary, path):
    place, text = re.match(r"# expect: (\d+:\d+) ?(.*)\n", path.read_text()).groups()
    done = check(duru_binary, path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.startswith(f"{path}:{place}:")]
    assert any(text in line for line in lines), done.stderr
    assert schema_problems(path), "the schema takes it"
