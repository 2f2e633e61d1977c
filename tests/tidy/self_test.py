"""Holds the rules themselves to account: plants one violation at a time in a tree that is otherwise clean, and asks that
exactly that one is found; and some things that look like a violation and are none.

    planted, missed = run(findings_of)   # findings_of(root) -> [text]
"""

import pathlib
import tempfile

HEADER = "// A room.\n#pragma once\n"
CLEAN = {
    "src/duru/base/README.md": "# base\n",
    "src/duru/base/CMakeLists.txt": "duru_room(base PRIVATE_LINKS fmt::fmt)\n",
    "src/duru/base/units.h": HEADER,
    "src/duru/base/clock.h": HEADER,
    "src/duru/domain/README.md": "# domain\n",
    "src/duru/domain/CMakeLists.txt": "duru_room(domain LINKS duru::base)\n",
    "src/duru/domain/fleet.h": HEADER + '#include "duru/base/units.h"\n',
    "src/duru/core/README.md": "# core\n| `state/` | the state |\n",
    "src/duru/core/state/CMakeLists.txt": "duru_room(core/state LINKS duru::domain)\n",
    "src/duru/core/state/state.h": HEADER + '#include "duru/domain/fleet.h"\n',
    "src/duru/core/state/state.cc": '#include "duru/core/state/state.h"\n// A double is no float.\nint big = 1\'000;\n',
    "src/duru/journal/README.md": "# journal\n",
    "src/duru/journal/CMakeLists.txt": "duru_room(journal LINKS duru::base)\n",
    "src/duru/journal/journal.h": HEADER,
    "src/duru/journal/memory.h": HEADER,
    "src/duru/engine/README.md": "# engine\n",
    "src/duru/engine/CMakeLists.txt": "duru_room(engine LINKS duru::domain)\n",
    "src/duru/engine/engine.h": HEADER,
    "src/duru/loop/README.md": "# loop\n",
    "src/duru/loop/CMakeLists.txt": "duru_room(loop LINKS duru::core::state\n  duru::journal duru::engine)\n",
    "src/duru/loop/loop.h": HEADER + '#include "duru/engine/engine.h"\n#include "duru/journal/journal.h"\n',
    "src/duru/loop/loop_test.cc": '#include "duru/loop/loop.h"\nconst char* text = "XXXXXX sleep_for";\n',
    "tests/api/test_jobs.py": "def test_nothing():\n    pass\n",
}
# (rule, file, text added at its end, line of the finding)
PLANTED = [
    ("includes", "src/duru/base/units.h", '#include "duru/domain/fleet.h"\n', 3),
    ("includes", "src/duru/core/state/state.cc", '#include "duru/loop/loop.h"\n', 4),
    ("includes", "src/duru/loop/loop.h", '#include "duru/journal/memory.h"\n', 5),
    ("includes", "src/duru/attic/old.h", HEADER, 1),
    ("includes_are_linked", "src/duru/journal/sqlite/sqlite.h", HEADER + '#include "duru/journal/journal.h"\n', 3),
    ("links", "src/duru/domain/CMakeLists.txt", "target_link_libraries(duru_domain PUBLIC duru::core::state)\n", 2),
    ("links", "src/duru/core/state/CMakeLists.txt", "# x\nduru_room(core/state\n  LINKS duru::loop)\n", 4),
    ("heavy_headers", "src/duru/journal/journal.h", "#include <sqlite3.h>\n", 3),
    ("heavy_headers", "src/duru/engine/engine.h", "#include <boost/asio/io_context.hpp>\n", 3),
    ("heavy_headers", "src/duru/core/state/state.cc", "#include <spdlog/spdlog.h>\n", 4),
    ("no_floating_point", "src/duru/core/state/state.cc", "double share = 0;\n", 4),
    ("no_floating_point", "src/duru/domain/fleet.h", "float ratio();\n", 4),
    ("purity", "src/duru/core/state/state.cc", "#include <unordered_map>\n", 4),
    ("purity", "src/duru/core/state/state.cc", '#include "duru/base/clock.h"\n', 4),
    ("purity", "src/duru/domain/fleet.h", 'auto home = getenv("HOME");\n', 4),
    ("purity", "src/duru/core/state/state.cc", "auto now = std::chrono::milliseconds(1);\n", 4),
    ("header_opening", "src/duru/engine/bare.h", "#pragma once\n", 1),
    ("header_opening", "src/duru/engine/bare.h", "// No guard.\nint x;\n", 1),
    ("size", "src/duru/loop/long.cc", "int x;\n" * 501, 500),
    ("nothing_unfinished", "src/duru/loop/loop.h", "// TODO: later\n", 5),
    ("nothing_unfinished", "tools/setup.sh", "# FIXME\n", 1),
    ("no_sleep_in_tests", "src/duru/loop/loop_test.cc", "std::this_thread::sleep_for(x);\n", 3),
    ("no_sleep_in_tests", "tests/api/test_jobs.py", "import time\ntime.sleep(1)\n", 4),
    ("readme", "src/duru/core/queue/queue.cc", "int x;\n", 1),
    ("readme", "src/duru/loop/README.md", "x\n" * 40, 40),
]


def write_tree(root, extra_file=None, extra_text=""):
    for name, text in CLEAN.items():
        path = pathlib.Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if extra_file:
        path = pathlib.Path(root, extra_file)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as out:
            out.write(extra_text)


def is_found(findings, rule, file, line):
    place = f"{file}:{line}: " if rule != "readme" else f"{file.rpartition('/')[0]}:{line}: "
    return any(finding.startswith(place) and finding.endswith(f"({rule})") for finding in findings)


def run(findings_of):
    missed = []
    with tempfile.TemporaryDirectory() as root:
        write_tree(root)
        missed += [f"tests/tidy/self_test.py:1: clean tree, yet: {finding}" for finding in findings_of(root)]
    for rule, file, text, line in PLANTED:
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, file, text)
            findings = findings_of(root)
            if not is_found(findings, rule, file, line):
                missed.append(f"tests/tidy/self_test.py:1: {rule} does not find {text[:60]!r} in {file}; found {findings}")
    return len(PLANTED) + 1, missed
