"""Rules about what stands in a file: banned words, sizes, openings. Each takes a File and yields (line, what)."""

import re

LINES_WARN = 400
LINES_MAX = 500
README_LINES_MAX = 40

HEAVY = re.compile(r"boost/(beast|asio)\b|sqlite3\.h$|spdlog/|yaml-cpp/|CLI/|google/protobuf/")
# These rooms compile without heavy headers at all, so that they build in seconds.
LIGHT_ROOMS = ("base", "domain", "core", "edge", "loop", "simulation")

PURE_ROOMS = ("domain", "core", "edge")
IMPURE_HEADERS = re.compile(
    r"(chrono|ctime|thread|mutex|shared_mutex|atomic|condition_variable|future|semaphore|fstream|iostream|cstdio|filesystem"
    r"|random|unordered_map|unordered_set|time\.h|stdio\.h|unistd\.h|fcntl\.h|pthread\.h|sys/.*|duru/base/clock\.h)"
)
IMPURE_WORDS = re.compile(
    r"\b(std::(chrono|thread|jthread|mutex|atomic\w*|random_device|unordered_\w+|getenv|rand|time|fopen|hash)"
    r"|getenv|secure_getenv|srand|mt19937\w*|random_device|system_clock|steady_clock|clock_gettime|gettimeofday"
    r"|unordered_(multi)?(map|set)|fopen)\b"
)
FLOATING = re.compile(r"\b(float|double|long\s+double)\b")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
CPP_SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep)\b|(?<![\w.>])sleep\s*\(")
PYTHON_SLEEP = re.compile(r"\btime\.sleep\s*\(|\bfrom time import [^\n]*\bsleep\b")


def matches(pattern, text):
    for match in pattern.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group()


def check_heavy_headers(source):
    """HTTP, logging, SQLite, YAML and command-line headers stay in their folder: in .cc files, and in headers that say
    "Inside this folder" and that nobody outside reaches."""
    top = source.folder.split("/")[0]
    for line, path in source.includes():
        if not HEAVY.search(path):
            continue
        if top in LIGHT_ROOMS:
            yield line, f"<{path}> in {top}, which builds without heavy headers"
        elif source.is_header and "Inside this folder" not in source.text.split("#pragma once")[0]:
            yield line, f"<{path}> in a header: heavy headers stay in .cc files, or in headers marked 'Inside this folder'"
        elif source.is_header and source.tree.reached_from_outside(source):
            yield line, f"<{path}> in a header that {source.tree.reached_from_outside(source)} reaches"


def check_no_floating_point(source):
    """Integers decide: no float, no double in domain, core and the modules beside it."""
    if source.in_rooms(PURE_ROOMS):
        for line, word in matches(FLOATING, source.code):
            yield line, f"{word} in {source.folder}: integers decide"


def check_purity(source):
    """Domain, core and the modules beside it decide from their arguments alone: no clock, thread, file, chance or order by hash."""
    if not source.in_rooms(PURE_ROOMS) or source.is_test:
        return
    for line, path in source.includes():
        if IMPURE_HEADERS.fullmatch(path):
            yield line, f"<{path}> in {source.folder}: no clock, thread, file, randomness or hash order there"
    for line, word in matches(IMPURE_WORDS, source.code):
        yield line, f"{word} in {source.folder}: no clock, thread, file, randomness, environment or hash order there"


def check_header_opening(source):
    """A header opens with a comment that says what it is for, then #pragma once."""
    if not source.is_header:
        return
    if not source.text.startswith("// "):
        yield 1, "a header opens with what it is for"
    if not re.search(r"^#pragma once$", source.text, re.MULTILINE):
        yield 1, "#pragma once is missing"


def check_size(file):
    """A file over 500 lines is two files."""
    if file.line_count > LINES_MAX:
        yield LINES_MAX, f"{file.line_count} lines; at most {LINES_MAX}"


def check_nothing_unfinished(file):
    """No note to self is left behind."""
    for line, word in matches(UNFINISHED, file.text):
        yield line, f"{word}: finish it or file it"


def check_no_sleep_in_tests(file):
    """Tests wait for a condition with a deadline, never for time."""
    if file.is_test:
        pattern, text = (PYTHON_SLEEP, file.text) if file.path.suffix == ".py" else (CPP_SLEEP, file.code)
        for line, word in matches(pattern, text):
            yield line, f"{word.strip()} in a test: wait for a condition with a deadline"


def check_readme(folder):
    """Each folder under src/duru has a README, a map of its files of at most 40 lines; a folder inside another may be
    told of there instead."""
    readme = folder.path / "README.md"
    if readme.exists():
        lines = len(readme.read_text().splitlines())
        if lines > README_LINES_MAX:
            yield README_LINES_MAX, f"README.md has {lines} lines; at most {README_LINES_MAX}"
        return
    above = folder.path.parent / "README.md"
    if "/" in folder.folder and above.exists() and folder.path.name in above.read_text():
        return
    yield 1, "README.md is missing"
