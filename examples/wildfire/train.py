"""Third job, GPU track: trains the network that judges the likeliest places of a frame, and writes the weights of both.

Inputs: blocks.npz, and places-1.npz, places-2.npz, …: all parts of one collection. Outputs: model.npz (arrays only) and
metrics.json.
"""

import time

import task  # first: it sets the number of threads

import numpy

import lessons
import network

NETWORK = {"hidden": (32, 16), "penalty": 0.1, "batch": 256, "members": 4, "epochs": 12}


def main():
    task.print_header("train: a network that judges the places that look like smoke, by their history")
    started = time.process_time()
    with numpy.load(task.input_path(task.BLOCKS), allow_pickle=False) as file:
        first = dict(file)
    rows, labels = lessons.joined((part["rows"], part["labels"]) for part in task.read_parts(task.PLACES))
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
