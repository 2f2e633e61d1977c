"""What the three tasks of the example share: the scans, the splits, and the header of every log.

The data is scikit-learn's load_digits: 1,797 real scans of handwritten digits, 8 x 8 pixels of 0..16, in three parts
that never mix: 60 % to train, 20 % to validate (the gate's part), 20 % held out for the inference job.
"""

import json
import os
import pathlib
import sys

# One thread, so that the times do not depend on who else computes. Must be set before numpy is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy
from sklearn.datasets import load_digits

SEED = 20260101
MODEL, METRICS, QUANTIZED = "model.npz", "metrics.json", "model-int8.onnx"


def split():
    """Returns {part: (scans as float32 in 0..1, shape (n, 64); labels, shape (n,))} for train, validation, test."""
    data = load_digits()
    scans = (data.data / 16.0).astype(numpy.float32)
    order = numpy.random.default_rng(SEED).permutation(len(scans))
    parts = numpy.split(order, [int(len(order) * 0.6), int(len(order) * 0.8)])
    return {
        name: (scans[part], data.target[part])
        for name, part in zip(("train", "validation", "test"), parts)
    }


def accuracy(logits, labels):
    """The part of `labels` that are the largest of their row of `logits`, in percent."""
    return 100.0 * float((logits.argmax(axis=1) == labels).mean())


def print_header(what):
    """Says where this really ran, so that no figure below can be taken for an accelerator's."""
    chip = os.environ.get("DURU_CHIP", "")
    if os.environ.get("DURU_EMULATED") == "1":
        where = f"emulated accelerator: DURU_CHIP={chip}, DURU_EMULATED=1; the times are this CPU's"
    elif chip:
        where = f"DURU_CHIP={chip}, but this program computes on the CPU; the times are this CPU's"
    else:
        where = "no accelerator: the times are this CPU's"
    print(f"{what}\n{where}", flush=True)


def input_path(name):
    return folder("DURU_INPUTS") / name


def output_path(name):
    return folder("DURU_OUTPUTS") / name


def write_json(name, value):
    output_path(name).write_text(json.dumps(value, indent=2) + "\n")


def folder(variable):
    value = os.environ.get(variable)
    if not value:
        sys.exit(f"{variable} is not set: it names the folder that Duru gives each task")
    return pathlib.Path(value)
