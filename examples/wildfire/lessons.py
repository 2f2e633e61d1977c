"""The scenes that the detector learns from: some minutes each, every second one with fires.

    for look in watched(lesson(7)):
        look.features, look.smoke

The number of a lesson decides on all of it, so that several jobs can share the work of watching them. What came before a lesson
is seen in fewer frames: enough for backgrounds as old as those of a camera that has stood there for long. With young ones the
hour of sunset, when every slope changes, would look harmless.
"""

import os
from typing import NamedTuple

import numpy

import task
from features import STRIDE, Features, looks
from scene import Scene

BLOCKS, PLACES = 0, 10_000  # where the lessons of the first network begin, and those of the second
MOST = 10_000  # of each
BEFORE = (2, 25)  # so many frames before a lesson are seen, drawn: a camera may also have just started, and then still knows little
FRAMES, WARM_UP = 48, 8  # of a lesson; its first ones only fill what is kept of the last frames
IGNITE_AT = (4, 24)  # drawn, or the network would learn to tell the time since the start
NEXT_FIRE_AFTER = (4, 16)  # frames to a second fire, at another place drawn
CLEAR = 0.01  # opacity below which there is no smoke to learn
HARDLY = 0.02  # opacity that is neither smoke nor clear
VISIBLE = 1.5  # of the 255 levels of light, by which smoke must change a block's pixels to be seen
BUSY = 8  # times as many events as on a common day, so that a few hours of scenes hold some of each kind
# How often a lesson is in which hours, and on which kind of day where that is not drawn too. Without fire most are by night and at
# dawn, when there is fog, and while the sun is low and lights or leaves one slope after the other: by day and without events
# little looks like smoke. Fires are when fires are, and more often than that while the sun is low, or such an hour would seem to
# say that there is none.
QUIET_HOURS = (
    (0.15, 2, 9.5, "foggy"),
    (0.14, 2, 9.5, None),
    (0.10, 19, 24, "foggy"),
    (0.10, 19, 24, None),
    (0.25, 16.2, 18.3, None),
    (0.08, 5.7, 7.8, None),
    (0.18, 0, 24, None),
)
FIRE_HOURS = ((0.22, 16.2, 18.8, None), (0.08, 5.5, 8, None), (0.70, None, None, None))


class Lesson(NamedTuple):
    scene: Scene
    begins: int  # number of its first frame


class Look(NamedTuple):
    features: numpy.ndarray
    smoke: numpy.ndarray  # opacity of smoke in each block
    steps: int  # frames since the look before
    counts: bool  # what is seen is to be learnt


def lesson(number):
    """The environment variable TRAIN_CONFUSERS=no leaves clouds, fog, dust, glare and shake out of it."""
    rng = numpy.random.default_rng([task.TRAIN_SEEDS, 3, number])  # a scene draws from [seed, 1] and [seed, 2, …]
    begins = STRIDE * int(rng.integers(*BEFORE))
    ignite_at = begins + int(rng.integers(*IGNITE_AT))
    burns = number % 2 == 1
    hours = FIRE_HOURS if burns else QUIET_HOURS
    _, begin, end, kind = hours[rng.choice(len(hours), p=[share for share, *_ in hours])]
    scene = Scene(
        task.TRAIN_SEEDS + number,
        start_s=None if begin is None else 3600 * float(rng.uniform(begin, end)),
        ignite_at_frames=[ignite_at, ignite_at + int(rng.integers(*NEXT_FIRE_AFTER))] if burns else [],
        kind=kind,
        confusers=os.environ.get("TRAIN_CONFUSERS", "yes") != "no",
        busy=BUSY,
    )
    return Lesson(scene, begins)


def watched(lesson):
    """Yields a Look for each frame. Smoke that nobody could see, by night or before what is as bright, has an opacity of
    HARDLY: who learns from it learns that night and fog are smoke."""
    features = Features()
    for number, steps in looks(lesson.begins, FRAMES):
        frame = lesson.scene.frame(number)
        maps = features.next(frame, steps)
        smoke = numpy.zeros(maps[0].shape) if frame.smoke is None else frame.smoke
        if frame.smoke is not None:
            smoke = numpy.where((frame.shown < VISIBLE) & (smoke > HARDLY), HARDLY, smoke)
        yield Look(maps, smoke, steps, number >= lesson.begins + WARM_UP)


def joined(parts):
    """From parts that are tuples of arrays, one tuple of long ones."""
    return tuple(numpy.concatenate(column) for column in zip(*parts))
