#!/usr/bin/env python3
"""The rules of the house that no compiler and no formatter knows (STYLE.md), checked over src/duru and the scripts.

    tests/tidy/tidy.py [ROOT]

Prints findings as `file:line: what (rule)`, warnings as `file:line: warning: what`, and last `N passed, N failed`: one for
each rule and file. Before that it plants a violation of each rule in a tree of its own and fails if one is not found.
Python 3 and its standard library only.
"""

import pathlib
import sys

import arrows
import self_test
import text_rules
from tree import Tree

SOURCE_RULES = [
    arrows.check_includes,
    arrows.check_includes_are_linked,
    text_rules.check_heavy_headers,
    text_rules.check_no_floating_point,
    text_rules.check_purity,
    text_rules.check_header_opening,
]
FILE_RULES = [text_rules.check_size, text_rules.check_nothing_unfinished, text_rules.check_no_sleep_in_tests]


def checks_of(tree):
    for source in tree.sources:
        for rule in SOURCE_RULES + FILE_RULES:
            yield rule, source
    for script in tree.scripts:
        for rule in FILE_RULES:
            yield rule, script
    for cmake_file in tree.cmake_files:
        yield arrows.check_links, cmake_file
    for folder in tree.folders:
        yield text_rules.check_readme, folder


def run(tree):
    """(passed, [finding]): a check that finds something counts once for each finding."""
    passed, findings = 0, []
    for rule, file in checks_of(tree):
        found = [f"{file.name}:{line}: {what} ({rule.__name__[6:]})" for line, what in rule(file)]
        findings += found
        passed += not found
    return passed, findings


def warnings_of(tree):
    for file in tree.sources + tree.scripts:
        if text_rules.LINES_WARN < file.line_count <= text_rules.LINES_MAX:
            yield f"{file.name}:{text_rules.LINES_WARN}: warning: {file.line_count} lines; is it two files?"


def main(arguments):
    root = arguments[0] if arguments else pathlib.Path(__file__).resolve().parents[2]
    tree = Tree(root)
    passed, findings = run(tree)
    planted, missed = self_test.run(lambda planted_root: run(Tree(planted_root))[1])
    for line in [*warnings_of(tree), *findings, *missed]:
        print(line)
    failed = len(findings) + len(missed)
    print(f"{passed + planted - len(missed)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
