"""A release's health probe that cannot be ended: the agent does not wait for it."""

import sys

import pytest

from harness import wait_until

# Says yes, until the file `hang` is there: then it cannot be collected after it was killed, because another process
# traces it and does not let go. So does one that waits for a disk or a device that does not answer.
HANGS = f"""#!{sys.executable}
import ctypes, os, pathlib, select, signal
PR_SET_PTRACER, PTRACE_SEIZE = 0x59616D61, 0x4206
work, probe = pathlib.Path(os.environ["DURU_WORK"]), os.getpid()
if not (work / "hang").exists():
    os._exit(0)
libc = ctypes.CDLL(None)
libc.prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
if os.fork() == 0:
    os.setsid()
    traced = libc.ptrace(PTRACE_SEIZE, probe, None, None) == 0
    (work / f"traced-{{probe}}" if traced else work / "not-permitted").touch()
    while traced and not (work / "let-go").exists():
        select.select([], [], [], 0.05)
    os._exit(0)
signal.pause()
"""


def told(field, words):
    with field.lock:
        return any(words in sync.get("detail", "") for sync in field.syncs)


def test_a_probe_that_does_not_end_when_it_is_killed_is_unwell_and_has_no_second_beside_it(field, node, release):
    node.run()
    number = field.give(release("one", probe=HANGS))
    wait_until(lambda: field.reports(number, "serving", "one"), "it to serve")
    work = node.data / "work"
    (work / "hang").touch()
    try:
        wait_until(lambda: list(work.glob("traced-*")) or (work / "not-permitted").exists(), "a probe that hangs")
        if (work / "not-permitted").exists():
            pytest.skip("no process may trace another here")
        wait_until(lambda: told(field, "became unwell: its last probe does not end"), f"it to be told; last {field.last}")
        assert len(list(work.glob("traced-*"))) <= 2, "at most one a run of the workload"
        (work / "hang").unlink()
    finally:
        (work / "let-go").touch()
    field.syncs.clear()
    wait_until(lambda: field.reports(number, "serving", "one"), f"it to serve again; last {field.last}")
