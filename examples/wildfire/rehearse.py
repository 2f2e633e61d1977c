"""Fifth job, by two on processors: watches tuning scenes with the exported models, for gate.py to judge them by.

GATE_FIRES fires (default 48) and GATE_DAYS camera-days without (default 2). PART, PARTS: this job takes the PARTth (1, 2, …) of
so many shares of them (default: all). Inputs: model-float32.onnx, model-int8.onnx. Output: seen-PART.npz: what each said of
every frame.
"""

import time

import task  # first: it sets the number of threads

import watch
from scene import INTERVAL_S

PIECE_FRAMES = 240  # quiet scenes are watched an hour each: many seeds, every hour of the day


def tuning_watches(fires, days):
    """The scenes that decide on threshold and gate."""
    pieces = max(round(days * 86400 / INTERVAL_S / PIECE_FRAMES), 1)
    # Hours in turn, so that every hour of a day has its share.
    seeds = range(task.TUNE_SEEDS + fires, task.TUNE_SEEDS + fires + pieces)
    quiet = [watch.quiet(seed, PIECE_FRAMES, 86400 * i / pieces, watch.RUN_IN) for i, seed in enumerate(seeds)]
    return quiet + [watch.fire(task.TUNE_SEEDS + i) for i in range(fires)]


def main():
    task.print_header("rehearse: the exported models watch tuning scenes")
    fires, days = task.number("GATE_FIRES", 48, int, 1), task.number("GATE_DAYS", 2.0)
    watches = tuning_watches(fires, days)
    part, parts, _ = share = task.share(f"{fires} fires and {days:g} days", len(watches))
    started, mine = time.process_time(), watches[part - 1 :: parts]
    models = [task.input_path(name) for name in (task.FLOAT32, task.INT8)]
    seen = list(zip(*(watch.traces(models, each) for each in mine)))
    task.write_part(task.SEEN, share, **watch.arrays(seen))
    print(f"{len(mine)} scenes; {time.process_time() - started:.0f} s of this CPU")


if __name__ == "__main__":
    main()
