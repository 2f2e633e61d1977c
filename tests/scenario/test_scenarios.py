"""Every scenario file, in virtual time and, if it is marked so, by the wall clock; one file is one test.

    ./test scenario                          all of them
    duru scenario run --real FILE            one by hand
"""

import concurrent.futures
import pathlib
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).parent
FILES = sorted(FOLDER.glob("*.yaml"))
# Most of a real one's time is waiting.
SIDE_BY_SIDE = 4


def run(duru_binary, file):
    return subprocess.run(
        [duru_binary, "scenario", "run", "--real", file], capture_output=True, text=True, timeout=120
    )


@pytest.fixture(scope="module")
def runs(duru_binary, request):
    """{file: its run, under way}, of the tests that were chosen."""
    chosen = {item.callspec.params["file"] for item in request.session.items if item.fspath == request.path}
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {file: pool.submit(run, duru_binary, file) for file in sorted(chosen)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_happens_is_what_the_file_says(runs, file):
    done = runs[file].result()
    assert done.returncode == 0, done.stdout + done.stderr
