"""What the tasks of the example share: one thread, their folders, numbers from the environment, the header of every log."""

import json
import os
import pathlib
import sys

# One thread, so that the times do not depend on who else computes. Must be set before numpy is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Seeds of scenes. The three ranges never mix: the network learns on the first, thresholds and the gate use the second,
# figures that are reported and the cameras the third.
TRAIN_SEEDS, TUNE_SEEDS, HELD_OUT_SEEDS = 0, 100_000, 200_000
BLOCKS, PLACES, MODEL, METRICS = "blocks.npz", "places-{}.npz", "model.npz", "metrics.json"
FLOAT32, INT8, GATE = "model-float32.onnx", "model-int8.onnx", "gate.json"


def print_header(what):
    """Says where this really ran and on what, so that no figure below can be taken for an accelerator's or a field's."""
    chip = os.environ.get("DURU_CHIP", "")
    if os.environ.get("DURU_EMULATED") == "1":
        where = f"emulated accelerator: DURU_CHIP={chip}, DURU_EMULATED=1; the times are this CPU's"
    elif chip:
        where = f"DURU_CHIP={chip}, but this program computes on the CPU; the times are this CPU's"
    else:
        where = "no accelerator: the times are this CPU's"
    print(f"{what}\n{where}\nsynthetic scenes: no figure below says anything about a camera in the field", flush=True)


def input_path(name):
    return folder("DURU_INPUTS") / name


def output_path(name):
    return folder("DURU_OUTPUTS") / name


def write_json(name, value):
    output_path(name).write_text(json.dumps(value, indent=2) + "\n")


def number(variable, default, kind=float, least=None, most=None):
    """The value of an environment variable as a number; ends the program when it is none, or outside least to most."""
    text = os.environ.get(variable, str(default))
    try:
        value = kind(text)
    except ValueError:
        sys.exit(f"{variable} is {text!r}, expected a number, as {default}")
    if (least is not None and value < least) or (most is not None and value > most):
        sys.exit(f"{variable} is {text}, expected at least {least}" + (f" and at most {most}" if most is not None else ""))
    return value


def folder(variable):
    value = os.environ.get(variable)
    if not value:
        sys.exit(f"{variable} is not set: it names the folder that Duru gives each task")
    return pathlib.Path(value)
