"""What the detector sees of a frame: maps of 45 x 80 blocks of 8 x 8 pixels, compared with how each block used to look.

Smoke is grey, hides what is behind it and stays in place while it grows: so each block is compared with a fast background
(about the last two minutes) and a slow one (about twenty minutes), in brightness, texture and colour. The slow
one is used as it was some minutes ago, so that smoke that has just begun is not yet part of it. The ideas are those of
classic smoke detection: two backgrounds, loss of texture and of saturation, persistence, growth.
"""

import collections

import numpy

from scene import BLOCK, GRID, HEIGHT, WIDTH

FAST, SLOW = 1 / 6, 1 / 80  # the share of the newest frame in each running mean
STRIDE = 4  # see looks()
KEEP = 3 * STRIDE  # the slow background is kept every so many frames; the one before the newest kept is used
LAG = 6  # frames over which growth is measured

NAMES = (
    "light_slow", "light_fast", "texture_slow", "texture_fast", "colour_slow", "u_slow", "v_slow", "colour_fast",
    "light_z", "texture_z", "colour_z", "unrest_light", "unrest_texture", "rest_light", "rest_texture",
    "texture", "day", "persistence", "activity", "growth_3", "growth_9",
    "light_3", "texture_3", "colour_3", "light_z_3", "texture_z_3", "colour_z_3", "light_fast_3",
    "light_9", "texture_9", "colour_9", "light_z_9", "texture_z_9", "changed_9", "unrest_9",
    "light_25", "texture_25", "colour_25", "light_z_25", "texture_z_25", "changed_25", "unrest_25",
    "changed_above", "changed_below", "changed_left", "changed_right", "ground_above", "ground_below",
)  # fmt: skip


def box(length, size):
    """A matrix that averages over `size` neighbours of a row of `length`, fewer at the ends."""
    near = abs(numpy.arange(length)[:, None] - numpy.arange(length)) <= size // 2
    return (near / near.sum(axis=1, keepdims=True)).astype(numpy.float32)


BOXES = {size: (box(GRID[0], size), box(GRID[1], size).T.copy()) for size in (3, 9, 25)}


def smooth(maps, size):
    down, across = BOXES[size]
    return down @ maps @ across


def shifted(map_, rows, columns):
    """The map as seen `rows` further down and `columns` further right; what lies outside repeats the edge."""
    if rows:
        map_ = map_.take(numpy.arange(rows, rows + GRID[0]).clip(0, GRID[0] - 1), axis=0)
    return map_.take(numpy.arange(columns, columns + GRID[1]).clip(0, GRID[1] - 1), axis=1) if columns else map_


def looks(begins, frames):
    """(number, steps since the one before) of the frames that are shown to who watches `frames` of them as a camera would that
    has stood there since `begins` frames before: of those only every fourth, enough for backgrounds that are as old."""
    seen = -1
    for number in [*range(0, begins, STRIDE), *range(begins, begins + frames)]:
        yield number, number - seen
        seen = number


def share(newest, steps):
    """The share of a frame in a running mean in which each frame has `newest`, when it stands for `steps` of them."""
    return 1 - (1 - newest) ** steps


def block_means(plane, size):
    height, width = plane.shape
    rows = numpy.add.reduce(plane.reshape(height // size, size, width), axis=1, dtype=numpy.uint16)
    return rows.reshape(height // size, width // size, size).sum(axis=2, dtype=numpy.float32) / (size * size)


class Blocks:
    """The five measures of each block: log light, log texture, colour strength, U, V."""

    def __init__(self):
        self._steps = numpy.zeros((2, HEIGHT, WIDTH), numpy.uint8)

    def measure(self, frame):
        luma, (right, down) = frame.luma, self._steps
        for first, second, out in (
            (luma[:, 1:], luma[:, :-1], right[:, 1:]),
            (luma[1:], luma[:-1], down[1:]),
        ):
            # |a - b| without leaving eight bits.
            numpy.subtract(numpy.maximum(first, second), numpy.minimum(first, second), out=out)
        light = numpy.log(block_means(luma, BLOCK) + 8)
        texture = numpy.log(block_means(right, BLOCK) + block_means(down, BLOCK) + 1)
        u, v = (block_means(plane, BLOCK // 2) - 128 for plane in (frame.u, frame.v))
        return numpy.stack([light, texture, numpy.hypot(u, v) / 8, u / 8, v / 8])


class Features:
    """Takes frames in their order; gives an array (len(NAMES), 45, 80) for each. Holds backgrounds, no frames.

    `steps` is how many intervals lie between a frame and the one before."""

    def __init__(self):
        self._blocks = Blocks()
        self._count = self._keep_at = 0

    def _start(self, measures):
        self._fast, self._slow = measures.copy(), measures.copy()
        self._unrest = numpy.full((3, *GRID), 0.02**2, numpy.float32)
        self._persistence, self._activity = numpy.zeros((2, *GRID), numpy.float32)
        self._areas = collections.deque(maxlen=LAG)
        self._kept = collections.deque(maxlen=2)

    def next(self, frame, steps=1):
        return self.next_of(self._blocks.measure(frame), steps)

    def next_of(self, measures, steps=1):
        if self._count == 0:
            self._start(measures)
        self._count += steps
        if self._count > self._keep_at:
            self._kept.append((self._slow.copy(), self._unrest.copy(), self._activity.copy()))
            self._keep_at += KEEP
        background, unrest, activity = self._kept[0]
        slow, fast = measures - background, measures - self._fast
        for change in (slow, fast):  # what happens to the whole picture is the hour or the exposure, no smoke
            change[0] -= numpy.median(change[0])
        rest = numpy.sqrt(unrest)
        z = numpy.clip(slow[:3] / (2 * rest + 0.02), -8, 8)
        changed = ((abs(z[0]) > 2) | (z[1] < -2) | (z[2] < -2)).astype(numpy.float32)
        self._persistence += share(0.3, steps) * (changed - self._persistence)
        made = self._stack(measures, background, slow, fast, z, rest, activity, changed)
        part = steps / self._count
        self._fast += max(share(FAST, steps), part) * (measures - self._fast)
        self._slow += max(share(SLOW, steps), part) * (measures - self._slow)
        part = max(share(SLOW, steps), steps / (self._count + 4))
        # One wild frame must not hide the next: squares are cut off.
        self._unrest += part * (numpy.minimum(fast[:3] ** 2, 0.3**2) - self._unrest)
        self._activity += part * (changed - self._activity)
        return made

    def _stack(self, measures, background, slow, fast, z, rest, activity, changed):
        now = numpy.sqrt(self._unrest)
        near = smooth(numpy.stack([*slow[:3], *z, fast[0], changed, background[1]]), 3)
        wide = numpy.stack([*slow[:3], z[0], z[1], changed, now[0]])
        middle, far = smooth(wide, 9), smooth(wide, 25)
        area = numpy.stack([near[7], middle[5]])
        self._areas.append(area)
        growth = area - self._areas[0]
        day = numpy.full(GRID, measures[0].mean(), numpy.float32)
        single = [
            slow[0], fast[0], slow[1], fast[1], *slow[2:], fast[2], *z, *now[:2], *rest[:2],
            background[1], day, self._persistence, activity, *growth,
        ]  # fmt: skip
        sides = [shifted(near[7], *by) for by in ((-4, 0), (4, 0), (0, -5), (0, 5))]
        sides += [shifted(near[8], *by) for by in ((-4, 0), (4, 0))]
        made = numpy.empty((len(NAMES), *GRID), numpy.float32)
        for row, map_ in zip(made, [*single, *near[:7], *middle, *far, *sides], strict=True):
            row[...] = map_
        return made
