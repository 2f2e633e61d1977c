"""The kinds of test lanes: how each is run, and how its results are read.

    result = GtestLane("base_test", path).run(results_folder)
    result.passed, result.failed, result.skipped, result.failures   # failures: texts for a person

A lane that crashes, hangs or leaves no results counts one failure, beside what it had done before. Whatever a lane
started in its process group is ended with it.
"""

import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]
TAIL_LINES = 60


@dataclasses.dataclass
class Result:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    failures: list = dataclasses.field(default_factory=list)

    def add_failure(self, text):
        self.failed += 1
        self.failures.append(text)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


class Lane:
    """One program that runs tests. `name` is what a person calls it."""

    timeout_s = 900

    def __init__(self, name):
        self.name = name

    def run(self, folder):
        log = folder / f"{self.name}.log"
        started = time.monotonic()
        status = self._execute(self.command(folder), log)
        text = log.read_text(errors="replace")
        result = Result()
        self.read(folder, status, text, result)
        if status is None:
            result.add_failure(f"{self.name} did not end within {self.timeout_s} s; its last lines:\n{tail(text)}")
        elif result.passed + result.failed + result.skipped == 0:
            result.add_failure(f"{self.name} ran no test ({describe(status)}); its last lines:\n{tail(text)}")
        elif status != 0 and result.failed == 0:
            result.add_failure(
                f"{self.name} {describe(status)}, though no test failed; its last lines:\n{tail(text)}"
            )
        if result.failed:
            result.failures.append(f"the whole output: {log}")
        result.seconds = time.monotonic() - started
        return result

    def _execute(self, command, log):
        """Runs it to its end and returns its status; None when it took too long."""
        with open(log, "wb") as output:
            try:
                process = subprocess.Popen(
                    [str(part) for part in command],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=os.environ | {"GTEST_COLOR": "no", "PYTHONDONTWRITEBYTECODE": "1"},
                    start_new_session=True,
                )
            except OSError as error:
                output.write(f"cannot be started: {error}\n".encode())
                return 127
            try:
                return process.wait(self.timeout_s)
            except subprocess.TimeoutExpired:
                return None
            finally:
                end_group(process)


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


class GtestLane(Lane):
    def __init__(self, name, program):
        super().__init__(name)
        self.program = program

    def command(self, folder):
        return [self.program, f"--gtest_output=xml:{folder / self.name}.xml"]

    def read(self, folder, status, text, result):
        cases = read_cases(folder / f"{self.name}.xml")
        if cases is None:
            # It died before it could write results: what its log says it had done, and the test it died in.
            result.passed = len(re.findall(r"^\[       OK \]", text, re.MULTILINE))
            begun = re.findall(r"^\[ RUN      \] (\S+)", text, re.MULTILINE)
            where = f" in {begun[-1]}" if begun else ""
            if status is not None:
                result.add_failure(f"{self.name} {describe(status)}{where}; its last lines:\n{tail(text)}")
            return
        for case in cases:
            self._read_case(case, result)

    def _read_case(self, case, result):
        name = f"{case.get('classname')}.{case.get('name')}"
        failures = case.findall("failure")
        if failures:
            said = "\n".join(failure.text or failure.get("message", "") for failure in failures)
            result.add_failure(
                f"{self.name}: {name}\n{said}\nalone: {self.program} --gtest_filter='{name}'"
            )
        elif case.get("status") == "notrun" or case.get("result") in ("skipped", "suppressed"):
            result.skipped += 1
        else:
            result.passed += 1


class PytestLane(Lane):
    timeout_s = 1800

    def __init__(self, name, paths, expression=None):
        super().__init__(name)
        self.paths = paths
        self.expression = expression

    def command(self, folder):
        choice = ["-k", self.expression] if self.expression else []
        return [
            *(sys.executable, "-m", "pytest", "-c", ROOT / "tests" / "pytest.ini", "--rootdir", ROOT / "tests"),
            *("-q", "--tb=short", "--color=no", "-o", "junit_logging=no"),
            f"--junitxml={folder / self.name}.xml",
            *(choice + list(self.paths)),
        ]

    def read(self, folder, status, text, result):
        counted = {}
        for case in read_cases(folder / f"{self.name}.xml") or []:
            # A test whose clean-up fails too is listed twice; it failed once.
            key = (case.get("classname"), case.get("name"))
            kinds = {child.tag for child in case}
            now = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
            if counted.get(key) != "failed":
                counted[key] = now
        result.passed = sum(kind == "passed" for kind in counted.values())
        result.skipped = sum(kind == "skipped" for kind in counted.values())
        failed = sum(kind == "failed" for kind in counted.values())
        if failed:
            result.failed = failed
            result.failures.append(tail(text, 200))


class SummaryLane(Lane):
    """A program of our own whose last line is `N passed, N failed` (and `, N skipped`)."""

    def __init__(self, name, command):
        super().__init__(name)
        self._command = command

    def command(self, folder):
        return self._command

    def read(self, folder, status, text, result):
        lines = text.strip().splitlines()
        match = re.fullmatch(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?", lines[-1] if lines else "")
        if match:
            result.passed, result.failed, result.skipped = (int(number or 0) for number in match.groups())
        if result.failed:
            result.failures.append(tail(text, 200))


def read_cases(path):
    """The test cases of a JUnit file; None when the file is missing or broken off."""
    try:
        return list(xml.etree.ElementTree.parse(path).iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError):
        return None


def describe(status):
    return f"died of {signal.Signals(-status).name}" if status and status < 0 else f"exited with {status}"


def tail(text, lines=TAIL_LINES):
    return "\n".join(text.rstrip().splitlines()[-lines:])
