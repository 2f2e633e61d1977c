"""Watches scenes with one or more models at once and counts what a duty officer would: fires found, delays, false alarms.

A fire counts as found by the first alarm after ignition that points at its smoke, within WITHIN frames; every other alarm is
false. Delay is from ignition, not from the first visible smoke.
"""

import concurrent.futures
import functools
from typing import NamedTuple

import numpy

import detector
import task
from features import Features, looks
from scene import INTERVAL_S, Scene

BEFORE, WITHIN = 24, 80  # frames that are watched before ignition; after it, 20 minutes
RUN_IN = 80  # frames before what is watched: a camera in the field has stood there for long
# On 34.5 camera-days and 600 fires of tuning seeds (from 170000, and from 160000 and 161000 on) a model raised 0.41 false alarms
# a camera-day at 0.64 and found 0.957 of the fires; 0.75 and 0.960 at 0.60, 0.29 and 0.953 at 0.68.
USUAL = 0.64
NEAR = 3  # blocks between an alarm's place and smoke that it may still mean


class Watch(NamedTuple):
    """A scene to be watched: so many frames from its frame `begins` on, by a camera that has stood there since its first one, at
    midnight's second `start_s` or a drawn hour. A fire starts at the watched frame `ignite_at`."""

    seed: int
    frames: int
    ignite_at: int | None = None
    start_s: float | None = None
    begins: int = 0


class Trace(NamedTuple):
    """What one model said of one scene, frame by frame."""

    seed: int
    ignite_at: int | None
    scores: list[float]
    near: list[bool]


class Outcome(NamedTuple):
    camera_days: float
    false_alarms: int
    fires: int
    delays_s: list[float]

    @property
    def recall(self):
        return len(self.delays_s) / self.fires if self.fires else float("nan")

    @property
    def false_per_day(self):
        return self.false_alarms / self.camera_days


def fire(seed):
    return Watch(seed, BEFORE + WITHIN, BEFORE, begins=RUN_IN)


def quiet(seed, frames, start_s=None, begins=0):
    return Watch(seed, frames, start_s=start_s, begins=begins)


def points_at_smoke(frame, peak):
    if frame.smoke is None:
        return False
    row, column = peak
    around = frame.smoke[max(row - NEAR, 0) : row + NEAR + 1, max(column - NEAR, 0) : column + NEAR + 1]
    return bool(around.max() > 0.03)


def traces(models, watch):
    """What each of the models, files or their bytes, says of one scene; scene and features are computed once for all."""
    fires = [] if watch.ignite_at is None else [watch.begins + watch.ignite_at]
    scene = Scene(watch.seed, watch.start_s, ignite_at_frames=fires)
    features = Features()
    judges = [detector.Judge(detector.Model(model)) for model in models]
    found = [Trace(watch.seed, watch.ignite_at, [], []) for _ in models]
    for number, steps in looks(watch.begins, watch.frames):
        frame = scene.frame(number)
        maps = features.next(frame, steps)
        for judge, trace in zip(judges, found):
            score, peak = judge.next(maps, steps)
            if number < watch.begins:
                continue
            trace.scores.append(score)
            trace.near.append(points_at_smoke(frame, peak))
    return found


def all_traces(models, watches):
    """[[Trace, ...] for each model] of all the scenes, in their order; by so many processes as PROCESSES says (2)."""
    with concurrent.futures.ProcessPoolExecutor(task.number("PROCESSES", 2, int, 1)) as pool:
        return list(zip(*pool.map(functools.partial(traces, models), watches)))


def arrays(seen):
    """all_traces() as arrays, one after another in each."""
    scenes = seen[0]
    return {
        "seeds": [trace.seed for trace in scenes],
        "ignite_at": [-1 if trace.ignite_at is None else trace.ignite_at for trace in scenes],
        "ends": numpy.cumsum([len(trace.scores) for trace in scenes]),
        "scores": [numpy.concatenate([trace.scores for trace in traces]) for traces in seen],
        "near": [numpy.concatenate([trace.near for trace in traces]) for traces in seen],
    }


def traces_of(arrays):
    """The other way."""
    ignite_at = [None if at < 0 else at for at in arrays["ignite_at"].tolist()]
    pieces = [[numpy.split(row, arrays["ends"][:-1]) for row in arrays[name]] for name in ("scores", "near")]
    return [
        [Trace(*known, s.tolist(), n.tolist()) for *known, s, n in zip(arrays["seeds"].tolist(), ignite_at, scores, near)]
        for scores, near in zip(*pieces)
    ]


def raised(trace, threshold):
    """Numbers of the frames at which an alarm begins."""
    alarm = detector.Alarm(threshold)
    return [number for number, score in enumerate(trace.scores) if alarm.next(score)]


def outcome(seen, threshold):
    """Of one model's traces."""
    false_alarms, frames, fires, delays = 0, 0, 0, []
    for trace in seen:
        found = None
        for number in raised(trace, threshold):
            if trace.near[number]:
                found = number if found is None else found
            else:
                false_alarms += 1
        # Once a fire burns no camera-time counts as quiet.
        frames += len(trace.scores) if trace.ignite_at is None else trace.ignite_at
        if trace.ignite_at is not None:
            fires += 1
            if found is not None:
                delays.append((found - trace.ignite_at) * INTERVAL_S)
    return Outcome(frames * INTERVAL_S / 86400, false_alarms, fires, delays)


def best_threshold(seen, budget):
    """(threshold, outcome there). Few days place a threshold badly, to about 0.05. So it is USUAL, what many days showed, where
    these days keep the budget with it; else the lowest from which on they do."""
    levels = [USUAL, *(float(level) for level in numpy.round(numpy.arange(USUAL + 0.01, 1.0, 0.01), 2))]
    outcomes = {level: outcome(seen, level) for level in levels}
    over = [level for level in levels if outcomes[level].false_per_day > budget]
    threshold = min((level for level in levels if not over or level > max(over)), default=levels[-1])
    return threshold, outcomes[threshold]
