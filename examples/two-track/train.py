"""First job, GPU track: trains a small network on the scans; writes its weights and its accuracy.

Outputs: model.npz (weights and biases, layer by layer; arrays only, nothing that runs when loaded) and metrics.json.
"""

import time
import warnings

import digits  # first: it sets the number of threads

import numpy
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

EPOCHS = 200


def main():
    digits.print_header("train: a network of 64 hidden units on scans of handwritten digits")
    parts = digits.split()
    scans, labels = parts["train"]
    network = MLPClassifier((64,), max_iter=EPOCHS, random_state=digits.SEED)
    started = time.perf_counter()
    with warnings.catch_warnings():
        # The number of epochs is fixed, so that every run does the same work.
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(scans, labels)
    seconds = time.perf_counter() - started

    arrays = {f"weights_{i}": array.astype(numpy.float32) for i, array in enumerate(network.coefs_)}
    arrays |= {f"bias_{i}": array.astype(numpy.float32) for i, array in enumerate(network.intercepts_)}
    numpy.savez(digits.output_path(digits.MODEL), **arrays)
    percent = {
        part: 100.0 * float(network.score(*parts[part])) for part in ("train", "validation")
    }
    digits.write_json(
        digits.METRICS,
        {
            "train_accuracy_percent": round(percent["train"], 6),
            "validation_accuracy_percent": round(percent["validation"], 6),
            "scans": len(labels),
            "epochs": EPOCHS,
        },
    )
    print(f"trained on {len(labels)} scans, {EPOCHS} epochs, {seconds:.1f} s of this CPU")
    print(f"accuracy: {percent['train']:.2f} % in training, {percent['validation']:.2f} % in validation")


if __name__ == "__main__":
    main()
