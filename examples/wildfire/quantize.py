"""Last job: exports the trained network, quantises it to int8, and holds it to a floor of recall at a false-alarm budget.

FLOOR_RECALL: part of the fires that must be found (default 0.85: of 48 fires the part found varies by 0.04, and the aim of 0.9
is for many), while there are at most BUDGET false alarms a camera-day (default 1). Measured on tuning scenes: GATE_FIRES fires
(default 48) and GATE_DAYS camera-days without (default 2), by PROCESSES (default 2).
Input: model.npz. Outputs: model-float32.onnx, model-int8.onnx, each with its own threshold, and gate.json. Misses the floor:
says by how much and exits with 1, so that Duru fails the job and starts nothing that comes after it.
"""

import sys
import time

import task  # first: it sets the number of threads

import numpy
import onnx

import export
import watch
from scene import INTERVAL_S

PIECE_FRAMES = 240  # quiet scenes are watched an hour each: many seeds, every hour of the day
UNDECIDED = 0.5  # a threshold to build with; the one that counts is chosen below


def tuning_watches(fires, days):
    """The scenes that decide on threshold and gate."""
    pieces = max(round(days * 86400 / INTERVAL_S / PIECE_FRAMES), 1)
    # Hours in turn, so that every hour of a day has its share. They take longest, and begin first.
    seeds = range(task.TUNE_SEEDS + fires, task.TUNE_SEEDS + fires + pieces)
    quiet = [watch.quiet(seed, PIECE_FRAMES, 86400 * i / pieces, watch.RUN_IN) for i, seed in enumerate(seeds)]
    return quiet + [watch.fire(task.TUNE_SEEDS + i) for i in range(fires)]


def main():
    task.print_header("quantize: from float32 to int8, held to recall at a false-alarm budget")
    floor, budget = task.number("FLOOR_RECALL", 0.85), task.number("BUDGET", 1.0)
    fires, days = task.number("GATE_FIRES", 48, int), task.number("GATE_DAYS", 2.0)
    with numpy.load(task.input_path(task.MODEL), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}

    started = time.monotonic()
    float32 = export.describe(export.build(arrays), arrays, UNDECIDED)
    int8 = export.describe(export.quantise(float32, arrays), arrays, UNDECIDED)
    exported = [(task.FLOAT32, float32), (task.INT8, int8)]
    seen = watch.all_traces([model.SerializeToString() for _, model in exported], tuning_watches(fires, days))
    gate = {"synthetic": True, "floor_recall": floor, "budget_per_camera_day": budget, "fires": fires}
    for (name, model), traces in zip(exported, seen):
        threshold, chosen = watch.best_threshold(traces, budget)
        onnx.save(export.describe(model, arrays, threshold), task.output_path(name))
        gate["camera_days"] = round(chosen.camera_days, 3)
        gate[name] = {
            "threshold": threshold,
            "recall": round(chosen.recall, 4),
            "false_alarms_per_camera_day": round(chosen.false_per_day, 3),
        }
        print(
            f"{name}: recall {chosen.recall:.3f} at {chosen.false_per_day:.2f} false alarms a camera-day,"
            f" threshold {threshold}"
        )
    gate["operators"] = sorted({node.op_type for node in float32.graph.node})
    recall, false_per_day = gate[task.INT8]["recall"], gate[task.INT8]["false_alarms_per_camera_day"]
    gate["passed"] = recall >= floor and false_per_day <= budget
    task.write_json(task.GATE, gate)
    print(f"{fires} fires, {gate['camera_days']} camera-days of tuning scenes, {time.monotonic() - started:.0f} s")
    print(f"operators of the exported model: {', '.join(gate['operators'])}")
    verdict = "passed" if gate["passed"] else "FAILED"
    print(f"gate {verdict}: int8 recall {recall:.3f}, floor {floor}, at most {budget} false alarms a camera-day", flush=True)
    if not gate["passed"]:
        over = f"at best {false_per_day:.2f} false alarms a camera-day" if false_per_day > budget else ""
        under = f"{floor - recall:.3f} of recall" if recall < floor else ""
        sys.exit(f"the int8 model misses its floor by: {', '.join(filter(None, (under, over)))}; it is not handed on")


if __name__ == "__main__":
    main()
