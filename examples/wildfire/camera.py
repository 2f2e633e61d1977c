"""The workload of a camera: watches synthetic scenes with the model beside it, raises alarms, says that it lives.

Environment:
  DURU_EVENTS        file to which alarms are appended, one JSON line each, one write each
  DURU_STATUS        file that is replaced at most once a second: {"inferences", "frames", "scene_seconds", ...}
  CAMERA_SEED        seed of the first scene among the held-out ones (default: the digits that end DURU_NODE, so that each
                     camera of a fleet looks at its own hills, cam-07 at scene 7; else 0)
  FRAMES             frames of a scene (default 3600, a day); then the next seed follows
  FRAMES_PER_SECOND  pace (default 10); 0 is as fast as it goes
  SCENE_INTERVAL_S   seconds of scene time between frames (default 15, what the model was trained on)
  IGNITE_AT_FRAME    a fire starts at this frame of every scene (default: no fire)
  MODEL              the model's file (default: model-int8.onnx beside this program)

Ends with 0 on SIGTERM. Every line says `synthetic`: no camera looks at a landscape here.
"""

import json
import os
import pathlib
import re
import signal
import sys
import time

# SIGTERM is not handled but waited for, so that it never comes in the middle of a frame. Blocked before anything is loaded
# that starts a thread: every thread must have it blocked.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

import task  # first of ours: it sets the number of threads

from detector import Detector, Model
from scene import INTERVAL_S, Scene


class Status:
    """The counters, in a file that a probe reads: replaced as a whole, at most once a second."""

    def __init__(self, path):
        self._path, self._written = path, 0.0
        self.values = {"inferences": 0, "frames": 0, "scene_seconds": 0.0, "alarms": 0, "synthetic": True}

    def write(self, at_once=False):
        now = time.monotonic()
        if not at_once and now - self._written < 1:
            return
        self._written = now
        written = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        written.write_text(json.dumps(self.values) + "\n")
        written.replace(self._path)


def append_line(path, value):
    """One line with one write: a reader never sees half of it, and two writers never mix theirs."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(file, (json.dumps(value) + "\n").encode())
    finally:
        os.close(file)


def watch(scene, frames, detector, events, status, pace):
    """Ends early, and says so with False, when `pace` met a SIGTERM."""
    for number in range(frames):
        frame = scene.frame(number)
        sighting = detector.next(frame)
        counts = status.values
        counts["inferences"] += 1
        counts["frames"] += 1
        counts["scene_seconds"] += scene.interval_s
        if sighting.raised:
            counts["alarms"] += 1
            alarm = {
                "kind": "alarm",
                "scene_seed": scene.seed,
                "scene_seconds": number * scene.interval_s,
                "score": round(sighting.score, 3),
                "box": sighting.box,
                "truth": "none" if frame.smoke is None else "smoke",
                "synthetic": True,
            }
            append_line(events, alarm)
        status.write(at_once=sighting.raised)
        if pace.stopped_while_waiting():
            return False
    return True


class Pace:
    """Frames a second; SIGTERM ends a wait at once."""

    def __init__(self, frames_per_second):
        self._step = 1 / frames_per_second if frames_per_second > 0 else 0.0
        self._next = time.monotonic()

    def stopped_while_waiting(self):
        # A camera that fell behind does not catch up: frames that were not taken are lost.
        self._next = max(self._next + self._step, time.monotonic())
        return signal.sigtimedwait({signal.SIGTERM}, max(self._next - time.monotonic(), 0)) is not None


def path_of(variable):
    value = os.environ.get(variable)
    if not value:
        sys.exit(f"{variable} is not set: it names a file that whoever runs the camera reads")
    return pathlib.Path(value)


def seed_of_node():
    """The number that ends the name of the node this camera runs on; 0 when it has none."""
    return int(re.search(r"\d*$", os.environ.get("DURU_NODE", "")).group() or 0)


def main():
    events, status = path_of("DURU_EVENTS"), Status(path_of("DURU_STATUS"))
    pace = Pace(task.number("FRAMES_PER_SECOND", 10))
    task.print_header("camera: watches held-out scenes, votes over eight frames")
    model = Model(os.environ.get("MODEL") or pathlib.Path(__file__).with_name(task.INT8))
    seed = task.HELD_OUT_SEEDS + task.number("CAMERA_SEED", seed_of_node(), int)
    frames, interval_s = task.number("FRAMES", 3600, int), task.number("SCENE_INTERVAL_S", INTERVAL_S)
    ignite_at = [task.number("IGNITE_AT_FRAME", 0, int)] if "IGNITE_AT_FRAME" in os.environ else []
    status.write(at_once=True)
    while watch(
        Scene(seed, interval_s=interval_s, ignite_at_frames=ignite_at), frames, Detector(model), events, status, pace
    ):
        seed += 1
    status.write(at_once=True)


if __name__ == "__main__":
    main()
