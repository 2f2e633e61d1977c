"""The detector: features, a small network on each block, a vote over eight frames, an alarm with hysteresis.

    detector = Detector(Model("model-int8.onnx"))
    for frame in frames:
        sighting = detector.next(frame)       # .score 0..1, .raised: an alarm begins with this frame

One thread, no state outside the objects. What a model must know besides its weights (mean and scale of each feature, the
threshold of the alarm) lies in its ONNX file.
"""

import json
from typing import NamedTuple

import numpy
import onnxruntime

from features import NAMES, Features, smooth
from scene import BLOCK, GRID

VOTES = 8
WARM_UP = 16  # frames that only build the backgrounds: a camera that has just started votes no earlier
HYSTERESIS = 0.8  # an alarm ends when the score falls below this part of the threshold
WIDE, WIDE_LEVEL = 0.06, 0.3  # no alarm while more than this part of the picture is over the level: that is weather
CLIP = 4.0  # features are cut off at so many deviations, so that eight bits are enough for them


class Sighting(NamedTuple):
    score: float  # mean of eight frames at the best place, 0..1
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
        if about["features"] != list(NAMES):
            raise ValueError("the model was trained on other features than this program computes")
        self.threshold = about["threshold"]
        self._normalise = Normaliser(about["mean"], about["scale"])

    def probabilities(self, features):
        """Of smoke in each block, 0..1, shape (45, 80)."""
        logits = self._session.run(["logits"], {"blocks": self._normalise(features)[None]})[0][0, 0]
        return 1 / (1 + numpy.exp(-logits))


class Normaliser:
    def __init__(self, mean, scale):
        self.mean, self.scale = (numpy.array(values, numpy.float32)[:, None, None] for values in (mean, scale))

    def __call__(self, features):
        return numpy.clip((features - self.mean) / self.scale, -CLIP, CLIP)


class Vote:
    """The mean of the last eight maps, each smoothed over 3 x 3 blocks; frames not yet seen count as nothing."""

    def __init__(self):
        self._maps = numpy.zeros((VOTES, *GRID), numpy.float32)
        self._count = 0

    def next(self, probabilities):
        """(score, (row, column) of the best block)."""
        if self._count >= WARM_UP:
            self._maps[self._count % VOTES] = smooth(probabilities, 3)
        self._count += 1
        self.map = self._maps.mean(axis=0)
        row, column = divmod(int(self.map.argmax()), GRID[1])
        wide = (self.map > WIDE_LEVEL).mean() > WIDE
        return 0.0 if wide else float(self.map[row, column]), (row, column)

    def box(self, peak, level):
        """Pixels around the connected blocks of at least `level` at `peak`."""
        inside, waiting = {peak}, [peak]
        while waiting:
            row, column = waiting.pop()
            for place in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                on_map = 0 <= place[0] < GRID[0] and 0 <= place[1] < GRID[1]
                if on_map and place not in inside and self.map[place] >= level:
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
        self._model, self._features, self._vote, self._alarm = model, Features(), Vote(), Alarm(model.threshold)

    def next(self, frame):
        score, peak = self._vote.next(self._model.probabilities(self._features.next(frame)))
        raised = self._alarm.next(score)
        box = self._vote.box(peak, HYSTERESIS * self._model.threshold) if raised else None
        return Sighting(score, peak, raised, box)
