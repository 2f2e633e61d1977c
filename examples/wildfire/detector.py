"""The detector: features, a network on each block, another on the likeliest places, a vote over eight frames, an alarm.

    detector = Detector(Model("model-int8.onnx"))
    for frame in frames:
        sighting = detector.next(frame)       # .score 0..1, .raised: an alarm begins with this frame

The first network is the heavy one, runs on every block and is what an NPU would run. The second sees the few candidates that
the first one's judgement leaves, with their history, in floating point (weights of sixteen bits). One thread, no state outside
the objects. What a model must know besides the first network's weights lies in the metadata of its ONNX file: how features are
normalised, the second network, the threshold of the alarm.
"""

import json
from typing import NamedTuple

import numpy
import onnxruntime

from candidates import LENGTH, Candidates
from features import NAMES, Features
from network import CLIP, Network, unpacked
from scene import BLOCK, GRID

VOTES = 8
WARM_UP = 16  # frames that only build the backgrounds: a camera that has just started votes no earlier
HYSTERESIS = 0.8  # an alarm ends when the score falls below this part of the threshold
SURE = 10.0  # a vote is a logit, cut here: eight votes add up as evidence does, and no single one decides
AROUND = 3  # a vote for a place counts for so many blocks around it: a plume's peak moves
RIM = 3  # blocks along the picture's edges that have no vote: half of what would tell fog from smoke there is out of sight


class Sighting(NamedTuple):
    score: float  # mean of eight votes at the best place, from 0, surely no smoke, to 1
    peak: tuple[int, int]  # that place: row and column of the block
    raised: bool
    box: tuple[int, int, int, int] | None  # left, top, right, bottom in pixels, when raised


class Model:
    """An ONNX file, or its bytes, run on one thread."""

    def __init__(self, source):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        source = source if isinstance(source, bytes) else str(source)
        self._session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        about = json.loads(self._session.get_modelmeta().custom_metadata_map["wildfire"])
        self.second = Network.of({name: unpacked(value) for name, value in about["second"].items()}, "second")
        if about["features"] != list(NAMES) or len(self.second.mean) != LENGTH:
            raise ValueError("the model was trained on other features than this program computes")
        self.threshold = about["threshold"]
        self._mean, self._scale = (numpy.array(about[key], numpy.float32)[:, None, None] for key in ("mean", "scale"))

    def logits(self, features):
        """Of smoke in each block, shape (45, 80)."""
        normalised = features - self._mean
        normalised /= self._scale
        numpy.clip(normalised, -CLIP, CLIP, out=normalised)
        return self._session.run(["logits"], {"blocks": normalised[None]})[0][0, 0]


class Vote:
    """The mean of the last eight votes on each block; frames not yet seen vote against."""

    def __init__(self):
        self._maps = numpy.full((VOTES, *GRID), -SURE, numpy.float32)
        self._count = 0

    def next(self, places, logits):
        """(score, (row, column) of the best block), from the frame's candidates."""
        vote = numpy.full(GRID, -SURE, numpy.float32)
        if self._count >= WARM_UP:
            for (row, column), logit in zip(places, numpy.clip(logits, -SURE, SURE)):
                if not (RIM <= row < GRID[0] - RIM and RIM <= column < GRID[1] - RIM):
                    continue
                near = vote[max(row - AROUND, 0) : row + AROUND + 1, max(column - AROUND, 0) : column + AROUND + 1]
                numpy.maximum(near, logit, out=near)
        self._maps[self._count % VOTES] = vote
        self._count += 1
        mean = self._maps.mean(axis=0)
        # Many blocks share the highest score: their middle is the place.
        rows, columns = numpy.nonzero(mean >= mean.max() - 1e-4)
        middle = int(numpy.argmin(abs(rows - rows.mean()) + abs(columns - columns.mean())))
        return (float(mean.max()) + SURE) / (2 * SURE), (int(rows[middle]), int(columns[middle]))


class Judge:
    """A model and what it has seen of one scene: from features to score and place."""

    def __init__(self, model):
        self._model, self._candidates, self._vote = model, Candidates(), Vote()

    def next(self, features, steps=1):
        places, rows = self._candidates.next(features, self._model.logits(features), steps)
        return self._vote.next(places, self._model.second.logits(rows))

    def box(self, peak):
        """Pixels around the connected blocks at `peak` that the first network takes for smoke."""
        likely = self._candidates.likely
        inside, waiting = {peak}, [peak]
        while waiting:
            row, column = waiting.pop()
            for place in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                on_map = 0 <= place[0] < GRID[0] and 0 <= place[1] < GRID[1]
                if on_map and place not in inside and likely[place] >= 0.5:
                    inside.add(place)
                    waiting.append(place)
        rows, columns = zip(*inside)
        return min(columns) * BLOCK, min(rows) * BLOCK, (max(columns) + 1) * BLOCK, (max(rows) + 1) * BLOCK


class Alarm:
    """Raised once when the score reaches the threshold, again only after it has fallen well below."""

    def __init__(self, threshold):
        self.threshold, self._on = threshold, False

    def next(self, score):
        raised = not self._on and score >= self.threshold
        self._on = raised or (self._on and score >= HYSTERESIS * self.threshold)
        return raised


class Detector:
    def __init__(self, model):
        self._features, self._judge, self._alarm = Features(), Judge(model), Alarm(model.threshold)

    def next(self, frame):
        score, peak = self._judge.next(self._features.next(frame))
        raised = self._alarm.next(score)
        return Sighting(score, peak, raised, self._judge.box(peak) if raised else None)
