"""The lanes of ./test: finds them, runs them, adds them up.

    lanes.py list                what `./test NAME` understands
    lanes.py targets [NAME...]   what ninja must build for them, one target a line
    lanes.py run [NAME...]       runs them; the last line is `N passed, N failed` (and `, N skipped` if any)

A NAME is a lane (`unit`, `tidy`, `api`), a unit program (`base_test`, or `base` unless a lane is called so), a file
of tests (`tests/api/test_jobs.py`), or else an expression for pytest's -k. Exit code 1 when anything failed or
nothing ran, 2 for a name that means nothing.
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from lane_kinds import ROOT, GtestLane, PytestLane, Result, SummaryLane

BUILD = pathlib.Path(os.environ.get("DURU_TEST_BUILD", ROOT / "build" / "release"))
RESULTS_KEPT = 5
PROGRAM_LANES = {"tidy": ROOT / "tests" / "tidy" / "tidy.py"}


def build_targets():
    """What ninja can link, as {target: rule}: asked of ninja, so that a deleted test's old program does not count."""
    done = subprocess.run(
        ["ninja", "-C", str(BUILD), "-t", "targets", "all"], capture_output=True, text=True, check=True
    )
    return dict(re.findall(r"^(\S+): (CXX_EXECUTABLE\S*)$", done.stdout, re.MULTILINE))


def unit_programs():
    """{name: target} of the unit tests, as {"base_test": "tests/base_test"}."""
    return {t.split("/")[1]: t for t in sorted(build_targets()) if re.fullmatch(r"tests/[^/]+_test", t)}


def program_lanes():
    return {name: path for name, path in PROGRAM_LANES.items() if path.exists()}


def pytest_lanes():
    """{name: folder} of the folders under tests/ that hold pytest files."""
    folders = {path.parent for path in (ROOT / "tests").glob("*/test_*.py")}
    return {folder.name: folder for folder in sorted(folders)}


class Plan:
    """Which lanes a call asks for. `units` run side by side, `others` one after the other: they start servers and
    measure time."""

    def __init__(self, names):
        self.units, self.others, self.unknown = {}, [], []
        self._expressions = []
        for name in names or ["unit", *program_lanes(), *pytest_lanes()]:
            self._choose(name, unit_programs(), pytest_lanes())
        if self._expressions:
            # Folders where nothing matches say so by a status of pytest's own, so all are one lane.
            together = " or ".join(f"({e})" for e in self._expressions)
            self.others.append(PytestLane("chosen", pytest_lanes().values(), together))

    def _choose(self, name, units, folders):
        path = name.split("::")[0]
        if name == "unit":
            self.units |= units
        elif name in program_lanes():
            self.others.append(SummaryLane(name, [sys.executable, program_lanes()[name]]))
            if name in folders:
                self.others.append(PytestLane(f"{name}-tests", [folders[name]]))
        elif name in folders:
            self.others.append(PytestLane(name, [folders[name]]))
        elif name in units or f"{name}_test" in units:
            program = name if name in units else f"{name}_test"
            self.units[program] = units[program]
        elif path.endswith(".py") and (ROOT / path).exists():
            self.others.append(PytestLane(re.sub(r"\W+", "-", name), [ROOT / name]))
        elif path.endswith(".py"):
            self.unknown.append(name)
        else:
            self._expressions.append(name)

    def targets(self):
        needs_programs = any(isinstance(lane, PytestLane) for lane in self.others)
        programs = [t for t in sorted(build_targets()) if t.split("/")[-1] in ("duru", "duru-agent", "duru-supervise")]
        return [*self.units.values(), *(programs if needs_programs else [])]


def results_folder():
    parent = ROOT / "build" / "test-results"
    parent.mkdir(parents=True, exist_ok=True)
    for old in sorted(parent.iterdir())[: -RESULTS_KEPT + 1]:
        shutil.rmtree(old, ignore_errors=True)  # another call may be removing it too
    folder = parent / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    folder.mkdir()
    return folder


def show(name, result):
    print(f"{name:<28} {result}, {result.seconds:.1f} s", flush=True)
    for failure in result.failures:
        print("\n".join(f"  | {line}" for line in failure.splitlines()), flush=True)


def run(plan):
    folder, total = results_folder(), Result()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        units = [GtestLane(name, BUILD / target) for name, target in plan.units.items()]
        running = {pool.submit(lane.run, folder): lane.name for lane in units}
        for done in concurrent.futures.as_completed(running):
            show(running[done], done.result())
            total.add(done.result())
    for lane in plan.others:
        result = lane.run(folder)
        show(lane.name, result)
        total.add(result)
    print(total)
    return 1 if total.failed or total.passed == 0 else 0


def print_names():
    print("unit: every unit program, which are")
    for program in unit_programs():
        print(f"  {program}")
    for name in sorted({**program_lanes(), **pytest_lanes()}):
        print(name)


def main(arguments):
    verb, names = arguments[0], arguments[1:]
    if verb == "list":
        print_names()
        return 0
    plan = Plan(names)
    if plan.unknown:
        print(f"error: no such file of tests: {', '.join(plan.unknown)}; `./test --list` shows names", file=sys.stderr)
        return 2
    if verb == "targets":
        print("\n".join(plan.targets()))
        return 0
    return run(plan)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
