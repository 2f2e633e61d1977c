"""The repository as the rules see it: files with their text, their code without comments and strings, their includes.

    tree = Tree(root)
    for source in tree.sources: source.folder, source.includes(), source.code
"""

import functools
import pathlib
import re

from arrows import Rooms

COMMENTS_AND_TEXTS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'""",
    re.DOTALL,
)
INCLUDE = re.compile(r"""^[ \t]*#[ \t]*include[ \t]*[<"]([^>"\n]+)[>"]""", re.MULTILINE)
SCRIPT_FOLDERS = ("tests", "tools", "bench", "examples")


class File:
    def __init__(self, tree, path):
        self.tree = tree
        self.path = path
        self.name = str(path.relative_to(tree.root))
        source_folder = tree.root / "src" / "duru"
        inside = path if path.is_dir() else path.parent
        self.folder = str(inside.relative_to(source_folder)) if inside.is_relative_to(source_folder) else ""
        self.is_header = path.suffix == ".h"
        self.is_test = path.name.endswith("_test.cc") or (path.name.startswith("test_") and path.suffix == ".py")

    @functools.cached_property
    def text(self):
        return self.path.read_text(errors="replace")

    @functools.cached_property
    def code(self):
        """The text with comments and string and character literals blanked out, line for line."""
        return COMMENTS_AND_TEXTS.sub(lambda match: " " + "\n" * match.group().count("\n"), self.text)

    @property
    def line_count(self):
        return len(self.text.splitlines())

    def includes(self):
        for match in INCLUDE.finditer(self.text):
            yield self.text.count("\n", 0, match.start()) + 1, match.group(1)

    def duru_includes(self):
        """(line, path below src/duru)"""
        return [(line, path.removeprefix("duru/")) for line, path in self.includes() if path.startswith("duru/")]

    def in_rooms(self, rooms):
        return self.folder.split("/")[0] in rooms


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        below = self.root / "src" / "duru"
        files = sorted(below.rglob("*"))
        self.sources = [File(self, path) for path in files if path.suffix in (".h", ".cc")]
        self.cmake_files = [File(self, path) for path in files if path.name == "CMakeLists.txt" and path.parent != below]
        self.folders = [File(self, path) for path in sorted({source.path.parent for source in self.sources})]
        self.scripts = [
            File(self, path)
            for folder in SCRIPT_FOLDERS
            for path in sorted((self.root / folder).rglob("*"))
            if path.suffix in (".py", ".sh") and self.root / "tests" / "tidy" not in path.parents
        ]
        self.rooms = Rooms(self.cmake_files)

    def reached_from_outside(self, header):
        """The name of a file of another folder whose includes reach this header; "" when there is none."""
        includers = {}
        for source in self.sources:
            for _, path in source.duru_includes():
                includers.setdefault(path, []).append(source)
        seen, queue = set(), ["/".join(filter(None, (header.folder, header.path.name)))]
        while queue:
            for source in includers.get(queue.pop(), []):
                if source.folder != header.folder:
                    return source.name
                if source.is_header and source.name not in seen:
                    seen.add(source.name)
                    queue.append(f"{source.folder}/{source.path.name}")
        return ""

    def test_links(self, folder):
        return self.rooms.reachable(folder, "TEST_LINKS")
