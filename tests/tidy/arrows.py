"""Which folder of src/duru may know which: the one table, and the checks that hold includes and CMake links to it.

An entry of a row names a folder (`journal`), a folder with all below it (`core/*`), one header (`engine/engine.h`), or
everything (`*`). A folder always knows itself. A folder without a row of its own takes the row of the nearest folder above
that ends in `/*`.
"""

import re

ARROWS = {
    "base": [],
    "domain": ["base"],
    "core/*": ["base", "domain", "core/*"],
    "loop": ["base", "domain", "core/*", "journal/journal.h", "journal/entry.h", "engine/engine.h"],
    "journal": ["base"],
    "journal/sqlite": ["base", "journal"],
    "engine": ["base", "domain"],
    "engine/local": ["base", "domain", "engine", "supervisor", "artifact"],
    "engine/simulated": ["base", "domain", "engine"],
    "engine/agent": ["base", "domain", "engine", "field"],
    "field": ["base", "domain"],
    # A module beside the core: it knows neither the core nor the loop, only what a module is.
    "edge": ["base", "domain", "loop/module.h"],
    "edge/known": ["base", "domain", "core/state", "edge", "engine/agent"],
    "edge/testing": ["base", "domain", "edge", "loop/module.h"],
    "agent": ["base", "domain", "field", "http", "supervisor"],
    "artifact": ["base"],
    "catalog": ["base", "domain"],
    "device": ["base", "domain", "catalog"],
    "supervisor": ["base"],
    "http": ["base"],
    "history": ["base", "domain", "core/*", "journal", "loop", "api"],
    # The view's state as callers see it.
    "api": ["base", "domain", "core/*", "edge"],
    "server/api": [
        *("base", "domain", "core/*", "loop", "engine/engine.h", "artifact", "http", "history", "api"),
        *("edge", "edge/known", "engine/agent", "field"),
    ],
    "server": [
        *("base", "domain", "core/*", "edge", "field", "loop", "journal/*", "engine/*", "artifact", "catalog", "device", "supervisor"),
        *("http", "history", "api", "server/api"),
    ],
    "simulation": [
        *("base", "domain", "core/*", "edge", "edge/known", "loop", "journal", "field"),
        *("engine", "engine/simulated", "engine/agent", "catalog"),
    ],
    # Assembles the simulated world and the real parts, side by side.
    "scenario": [
        *("base", "domain", "core/*", "edge", "loop", "journal/*", "engine/*", "artifact", "catalog", "simulation"),
    ],
    "planning": ["base", "domain", "core/*", "loop", "simulation", "catalog"],
    "cli": ["*"],
}


def row_of(folder):
    """The entries of a folder's row; None when the table has none."""
    if folder in ARROWS:
        return ARROWS[folder]
    parts = folder.split("/")
    for length in range(len(parts), 0, -1):
        pattern = "/".join(parts[:length]) + "/*"
        if pattern in ARROWS:
            return ARROWS[pattern]
    return None


def entry_covers(entry, folder, header):
    if entry == "*" or entry == folder or entry == header:
        return True
    return entry.endswith("/*") and (folder == entry[:-2] or folder.startswith(entry[:-1]))


def may_know(folder, other, header=None):
    """Whether `folder` may include `header` of the folder `other`; without a header, whether it may link `other`."""
    if folder == other:
        return True
    for entry in row_of(folder) or []:
        if entry_covers(entry, other, header):
            return True
        # To link a room is the only way to include its one allowed header.
        if header is None and entry.endswith(".h") and entry.rpartition("/")[0] == other:
            return True
    return False


def check_includes(source):
    """Every `#include "duru/..."` goes along an arrow. Tests may also include what their room's TEST_LINKS name."""
    if row_of(source.folder) is None:
        yield 1, f"folder {source.folder} has no row in the table of tests/tidy/arrows.py"
        return
    for line, path in source.duru_includes():
        folder = path.rpartition("/")[0]
        if may_know(source.folder, folder, path):
            continue
        if source.is_test and folder in source.tree.test_links(source.folder):
            continue
        yield line, f"{source.folder} may not know duru/{path}"


def room_name(target):
    """duru::core::state is the folder core/state."""
    return target.removeprefix("duru::").replace("::", "/")


class Rooms:
    """The link graph of the CMakeLists.txt files: {folder: {kind: [(line, folder)]}}, kinds LINKS, PRIVATE_LINKS,
    TEST_LINKS. Links that a program of the folder asks for itself count as PRIVATE_LINKS."""

    def __init__(self, files):
        self.links = {}
        for file in files:
            text = re.sub(r"#[^\n]*", "", file.text)
            for match in re.finditer(r"\b(duru_room|target_link_libraries)\s*\(([^)]*)\)", text):
                self._add(file.folder, match, text)

    def _add(self, folder, match, text):
        words = re.finditer(r"\S+", match.group(2))
        name = next(words).group()
        if match.group(1) == "duru_room":
            folder, kind = name, None
        else:
            kind = "TEST_LINKS" if name.endswith("_test") else "PRIVATE_LINKS"
        room = self.links.setdefault(folder, {"LINKS": [], "PRIVATE_LINKS": [], "TEST_LINKS": []})
        for word in words:
            if word.group() in room and match.group(1) == "duru_room":
                kind = word.group()
            elif word.group().startswith("duru::") and kind:
                line = text.count("\n", 0, match.start(2) + word.start()) + 1
                room[kind].append((line, room_name(word.group())))

    def of(self, folder, *kinds):
        room = self.links.get(folder, {})
        return [other for kind in kinds for _, other in room.get(kind, [])]

    def reachable(self, folder, *kinds):
        """The folders whose headers a folder that links by `kinds` sees: theirs, and what those show on."""
        found, queue = {folder}, self.of(folder, *kinds)
        while queue:
            other = queue.pop()
            if other not in found:
                found.add(other)
                queue += self.of(other, "LINKS")
        return found

    def on_a_cycle(self, folder):
        seen, queue = set(), self.of(folder, "LINKS", "PRIVATE_LINKS")
        while queue:
            other = queue.pop()
            if other == folder:
                return True
            if other not in seen:
                seen.add(other)
                queue += self.of(other, "LINKS", "PRIVATE_LINKS")
        return False


def check_links(file):
    """Every link of a CMakeLists.txt goes along an arrow, and no room links itself by a detour."""
    rooms = file.tree.rooms
    if file.folder not in rooms.links:
        return
    for kind in ("LINKS", "PRIVATE_LINKS"):
        for line, other in rooms.links[file.folder][kind]:
            if not may_know(file.folder, other):
                yield line, f"{file.folder} may not link duru::{other.replace('/', '::')}"
    if rooms.on_a_cycle(file.folder):
        yield 1, f"{file.folder} links itself by way of others"


def check_includes_are_linked(source):
    """What a folder includes, it links: itself or by a room that shows it on."""
    kinds = ["LINKS", "PRIVATE_LINKS", *(["TEST_LINKS"] if source.is_test else [])]
    seen = source.tree.rooms.reachable(source.folder, *kinds)
    for line, path in source.duru_includes():
        folder = path.rpartition("/")[0]
        if folder not in seen:
            yield line, f"{source.folder} includes duru/{path} and does not link duru::{folder.replace('/', '::')}"
