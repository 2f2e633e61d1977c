"""Third job, GPU track: trains the network that judges the likeliest places of a frame, and writes the weights of both.

Inputs: blocks.npz, and places-1.npz, places-2.npz, …: all parts of one collection. Outputs: model.npz (arrays only) and
metrics.json.
"""

import sys
import time

import task  # first: it sets the number of threads

import numpy

import lessons
import network

NETWORK = {"hidden": (32, 16), "penalty": 0.1, "batch": 256, "members": 4, "epochs": 12}


def collected():
    """(rows, labels) of each file of places; ends the program when they are not all of one collection."""
    part, parts = 1, None
    while parts is None or part <= parts[0]:
        name = task.PLACES.format(part)
        if not task.input_path(name).exists():
            sys.exit(f"there is no {name}: collect.py writes it" + (f", as part {part} of {parts[0]}" if parts else ""))
        with numpy.load(task.input_path(name), allow_pickle=False) as file:
            known = int(file["parts"]), int(file["lessons"])
            if known != (parts or known):
                sys.exit(f"{name} is one of {known[0]} parts of {known[1]} lessons, {task.PLACES.format(1)} of {parts}")
            parts = known
            yield file["rows"], file["labels"]
        part += 1


def main():
    task.print_header("train: a network that judges the places that look like smoke, by their history")
    started = time.process_time()
    with numpy.load(task.input_path(task.BLOCKS), allow_pickle=False) as file:
        first = dict(file)
    rows, labels = lessons.joined(collected())
    second, loss = network.trained(rows, labels, **NETWORK)
    seconds = time.process_time() - started
    numpy.savez(task.output_path(task.MODEL), **first, **second.arrays("second"))
    metrics = {
        "synthetic": True,
        "candidates": len(labels),
        "smoke_candidates": int(labels.sum()),
        "loss": round(loss, 5),
        "cpu_seconds": round(seconds, 1),
    }
    task.write_json(task.METRICS, metrics)
    print(f"{len(labels)} candidates of which {int(labels.sum())} smoke; loss {loss:.4f}; {seconds:.0f} s of this CPU")


if __name__ == "__main__":
    main()
