"""Last job: decides on the alarm's threshold, and holds the model to a floor of recall at a false-alarm budget.

FLOOR_RECALL: part of the fires that must be found (default 0.85: of 48 fires the part found varies by 0.04, and the aim of 0.9
is for many), while there are at most BUDGET false alarms a camera-day (default 1).
Inputs: model-float32.onnx, model-int8.onnx, and seen-1.npz, seen-2.npz, …: all parts of one rehearsal. Outputs: the models,
each with its own threshold, and gate.json. Misses the floor: says by how much and exits with 1, so that Duru fails the job and
starts nothing that comes after it.
"""

import sys

import task  # first: it sets the number of threads

import onnx

import export
import watch


def main():
    task.print_header("gate: recall at a false-alarm budget")
    floor, budget = task.number("FLOOR_RECALL", 0.85), task.number("BUDGET", 1.0)
    parts = [watch.traces_of(arrays) for arrays in task.read_parts(task.SEEN)]
    gate = {"synthetic": True, "floor_recall": floor, "budget_per_camera_day": budget}
    for name, *seen in zip((task.FLOAT32, task.INT8), *parts):
        threshold, chosen = watch.best_threshold(sum(seen, []), budget)
        model = export.decide(onnx.load(task.input_path(name)), threshold)
        onnx.save(model, task.output_path(name))
        gate |= {"fires": chosen.fires, "camera_days": round(chosen.camera_days, 3)}
        gate[name] = {
            "threshold": threshold,
            "recall": round(chosen.recall, 4),
            "false_alarms_per_camera_day": round(chosen.false_per_day, 3),
        }
        if name == task.FLOAT32:
            gate["operators"] = export.operators(model)
        print(
            f"{name}: recall {chosen.recall:.3f} at {chosen.false_per_day:.2f} false alarms a camera-day,"
            f" threshold {threshold}"
        )
    recall, false_per_day = gate[task.INT8]["recall"], gate[task.INT8]["false_alarms_per_camera_day"]
    gate["passed"] = recall >= floor and false_per_day <= budget
    task.write_json(task.GATE, gate)
    print(f"{gate['fires']} fires, {gate['camera_days']} camera-days of tuning scenes")
    verdict = "passed" if gate["passed"] else "FAILED"
    print(f"gate {verdict}: int8 recall {recall:.3f}, floor {floor}, at most {budget} false alarms a camera-day", flush=True)
    if not gate["passed"]:
        over = f"at best {false_per_day:.2f} false alarms a camera-day" if false_per_day > budget else ""
        under = f"{floor - recall:.3f} of recall" if recall < floor else ""
        sys.exit(f"the int8 model misses its floor by: {', '.join(filter(None, (under, over)))}; it is not handed on")


if __name__ == "__main__":
    main()
