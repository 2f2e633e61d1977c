"""`duru download`: the outputs of a job, whole and right, or nothing."""

import hashlib
import json

import pytest

from cli.commands import cli

JOB = (
    "name: maker\noutputs: [model.bin, report.txt]\n"
    "command: [sh, -c, 'head -c 3000000 /dev/urandom > $DURU_OUTPUTS/model.bin; echo fine > $DURU_OUTPUTS/report.txt']\n"
)


@pytest.fixture(scope="module")
def maker(shared):
    cli(shared, "submit", "-", input=JOB)
    cli(shared, "wait", "maker")
    return {output["name"]: output for output in shared.json("describe", "job", "maker")["outputs"]}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_output_comes_into_this_folder(shared, maker, tmp_path):
    shown = cli(shared, "download", "maker", cwd=tmp_path).stdout
    assert "model.bin   2.8MiB  model.bin\n" in shown
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.bin", "report.txt"]
    for name, output in maker.items():
        assert sha256(tmp_path / name) == output["digest"]
    assert oct((tmp_path / "report.txt").stat().st_mode & 0o600) == "0o600"


def test_one_output_goes_where_it_is_told(shared, maker, tmp_path):
    (tmp_path / "there").mkdir()
    for to, path in (("new.txt", "new.txt"), ("there", "there/report.txt"), ("made/", "made/report.txt")):
        shown = cli(shared, "download", "maker", "report.txt", "--to", to, "-o", "name", cwd=tmp_path).stdout
        assert shown == f"{path}\n"
        assert (tmp_path / path).read_text() == "fine\n"
    listed = json.loads(cli(shared, "download", "maker", "--to", "all", "-o", "json", cwd=tmp_path).stdout)["items"]
    assert {(item["name"], item["path"]) for item in listed} == {
        ("model.bin", "all/model.bin"),
        ("report.txt", "all/report.txt"),
    }


def test_what_is_there_is_replaced_only_by_force(shared, maker, tmp_path):
    (tmp_path / "report.txt").write_text("mine\n")
    refused = cli(shared, "download", "maker", cwd=tmp_path, code=2)
    assert "--force" in refused.stderr and refused.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["report.txt"], "all are fetched or none is begun"
    assert (tmp_path / "report.txt").read_text() == "mine\n"
    cli(shared, "download", "maker", "--force", cwd=tmp_path)
    assert (tmp_path / "report.txt").read_text() == "fine\n"


def test_what_is_not_there_is_exit_code_3_and_says_why(shared, maker, tmp_path):
    assert "it has model.bin, report.txt" in cli(shared, "download", "maker", "modle.bin", code=3, cwd=tmp_path).stderr
    cli(shared, "download", "nobody", code=3, cwd=tmp_path)
    cli(shared, "submit", "-", input="name: slow\noutputs: [x]\ncommand: [sleep, '60']\n")
    assert "duru wait slow" in cli(shared, "download", "slow", code=3, cwd=tmp_path).stderr
    cli(shared, "cancel", "slow")
    cli(shared, "wait", "slow", code=1)
    assert "slow has no output; it is cancelled" in cli(shared, "download", "slow", code=3, cwd=tmp_path).stderr


def test_bytes_of_another_digest_are_not_kept(shared, maker, tmp_path):
    stored = [path for path in (shared.data / "artifacts").rglob("*") if path.is_file() and sha256(path) == maker["report.txt"]["digest"]]
    assert len(stored) == 1
    stored[0].chmod(0o600)
    stored[0].write_text("evil\n")
    done = cli(shared, "download", "maker", "report.txt", cwd=tmp_path, code=4)
    assert "SHA-256" in done.stderr
    assert list(tmp_path.iterdir()) == []
