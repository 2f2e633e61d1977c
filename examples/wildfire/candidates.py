"""Where in a frame smoke may be, and what is known of each such place: a row of numbers for the second network.

Smoke stays where it began and grows upwards and down the wind; clouds, fog and dust travel, or come and go as a whole. So what
the first network says of each block is kept as running means, fast and slow, and as it was some minutes ago. A candidate is a
peak of the fast mean; its row holds the features there, the means near and far around, and their shape.
"""

import collections

import numpy

from features import NAMES, share, smooth
from scene import GRID

COUNT = 4  # candidates of a frame
APART = 4  # blocks between two of them
CUT = 6.0  # logits beyond it say no more
FAST, MIDDLE, SLOW = 1 / 3, 1 / 16, 1 / 80  # the share of the newest frame in each running mean
LAG = 8  # frames since what is called before
REACH, STEP = 2, 3  # the shape is sampled at so many steps of so many blocks to each side

OFFSETS = numpy.arange(-REACH, REACH + 1) * STEP
EDGE = REACH * STEP
LENGTH = len(NAMES) + 20 + 3 * len(OFFSETS) ** 2


def sampled(maps, places, offsets):
    """maps (n, 45, 80) at each place (row, column) and around it: (places, n, offsets, offsets); edges repeat."""
    rows = numpy.clip(places[:, 0, None] + offsets, 0, GRID[0] - 1)[:, :, None]
    columns = numpy.clip(places[:, 1, None] + offsets, 0, GRID[1] - 1)[:, None, :]
    return numpy.moveaxis(maps[:, rows, columns], 0, 1)


def peaks(map_):
    """The places (row, column) of the COUNT highest blocks that lie APART."""
    left, found = numpy.pad(map_, APART, constant_values=-1.0), []
    for _ in range(COUNT):
        row, column = divmod(int(left.argmax()), left.shape[1])
        found.append((row - APART, column - APART))
        left[row - APART : row + APART + 1, column - APART : column + APART + 1] = -1
    return numpy.array(found)


class Candidates:
    """next() gives, for each frame in turn, the places of its candidates (COUNT, 2) and their rows (COUNT, LENGTH); `steps` as
    Features has it."""

    def __init__(self):
        self.likely = None  # fast mean of the first network's probability of smoke in each block, with the newest frame
        self._logits = numpy.full((2, *GRID), -CUT, numpy.float32)  # fast and middle mean
        self._means = numpy.zeros((3, *GRID), numpy.float32)  # of the probability of smoke: fast, middle, slow
        self._before = collections.deque([self._means[0].copy()], maxlen=LAG)

    def next(self, features, logits, steps=1):
        logits = numpy.clip(logits, -CUT, CUT)
        probabilities = 1 / (1 + numpy.exp(-logits))
        for means, newest in ((self._logits, logits), (self._means, probabilities)):
            for mean, part in zip(means, (FAST, MIDDLE, SLOW)):
                mean += share(part, steps) * (newest - mean)
        known = numpy.stack([*self._means, self._before[0]])
        self._before.append(self._means[0].copy())
        self.likely = self._means[0]
        near, wide, far = (smooth(known, size) for size in (3, 9, 25))
        places = peaks(near[0])
        at = (slice(None), places[:, 0], places[:, 1])
        shape = numpy.stack([near[0], near[3], features[NAMES.index("light_3")]])
        parts = [
            sampled(features, places, numpy.arange(-1, 2)).mean(axis=(2, 3)),
            numpy.stack([logits, *self._logits])[at].T,
            known[at].T, near[at].T, wide[at].T, far[at].T,
            numpy.full((COUNT, 1), self._means[0].mean()),
            sampled(shape, places, OFFSETS).reshape(COUNT, -1),
        ]  # fmt: skip
        return places, numpy.concatenate(parts, axis=1, dtype=numpy.float32)
