"""Figures of a float32 and an int8 model on held-out synthetic scenes, as JSON lines on stdout, one figure a line.

    evaluate.py MODELS [--quick]      # MODELS: the folder that gate.py wrote

Whole: 30 days of scenes without fire, a seed each, and 120 fires of 26 minutes, by PROCESSES (default 2): ten minutes on two
idle cores, several times as long beside other work. --quick: a little of other seeds, in seconds, to see that everything
works; its figures mean nothing. Frames a second: the detector alone, on one core.
"""

import json
import pathlib
import statistics
import sys
import time

import task  # first: it sets the number of threads

import numpy

import watch
from detector import Detector, Model
from scene import INTERVAL_S, Scene

DAY_FRAMES = 86400 // INTERVAL_S
SEEDS = task.HELD_OUT_SEEDS + 3000
QUICK_SEEDS = task.HELD_OUT_SEEDS + 2000  # looked at before, as those before them by the cameras of ./run
FILES = {"float32": task.FLOAT32, "int8": task.INT8}


def frames_per_second(path):
    """How many frames at 640 x 360 the whole detector takes in a second, best of three times 100 frames."""
    scene = Scene(task.HELD_OUT_SEEDS, start_s=43200)
    frames = [scene.frame(number) for number in range(100)]
    best = 0.0
    for _ in range(3):
        detector = Detector(Model(path))
        started = time.process_time()
        for frame in frames:
            detector.next(frame)
        best = max(best, len(frames) / (time.process_time() - started))
    return best


def spread(values):
    """Smallest, largest and standard deviation over the seeds."""
    return {"min": min(values), "max": max(values), "sd": round(statistics.pstdev(values), 3)}


def figures(traces, threshold):
    """[(figure, value, unit, spread over seeds)]"""
    whole = watch.outcome(traces, threshold)
    days = [watch.outcome([trace], threshold) for trace in traces if trace.ignite_at is None]
    false_alarms = [day.false_alarms for day in days]
    fires = [trace for trace in traces if trace.ignite_at is not None]
    groups = [watch.outcome(fires[i::10], threshold).recall for i in range(min(10, len(fires)))]
    yield "false_alarms_per_camera_day", whole.false_per_day, "1/d", spread(false_alarms)
    yield "recall", whole.recall, "ratio", spread(groups) | {"groups_of_seeds": len(groups)}
    if whole.delays_s:
        delays = spread(whole.delays_s)
        yield "delay_s_median", float(numpy.median(whole.delays_s)), "s", delays
        yield "delay_s_p90", float(numpy.percentile(whole.delays_s, 90)), "s", delays


def main(arguments):
    quick = "--quick" in arguments
    folders = [argument for argument in arguments if argument != "--quick"]
    if len(folders) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(folders[0])
    days, day_frames, fires = (4, 60, 4) if quick else (30, DAY_FRAMES, 120)
    first = QUICK_SEEDS if quick else SEEDS
    seeds = range(first, first + days + fires)
    watches = [watch.quiet(seed, day_frames, 0.0) if i < days else watch.fire(seed) for i, seed in enumerate(seeds)]
    all_seen = watch.all_traces([folder / name for name in FILES.values()], watches)
    for (model, name), seen in zip(FILES.items(), all_seen):
        threshold = Model(folder / name).threshold
        about = {
            "model": model,
            "threshold": threshold,
            "seeds": f"{seeds[0]}-{seeds[-1]}",
            "camera_days": round(watch.outcome(seen, threshold).camera_days, 3),
            "fires": fires,
            "synthetic": True,
        }
        for figure, value, unit, over_seeds in figures(seen, threshold):
            line = {"bench": "wildfire", "figure": figure, "value": round(value, 4), "unit": unit, **about, **over_seeds}
            print(json.dumps(line), flush=True)
        speed = {"figure": "frames_per_second", "value": round(frames_per_second(folder / name), 1), "unit": "1/s"}
        print(json.dumps({"bench": "wildfire", **speed, "model": model, "cores": 1, "synthetic": True}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
