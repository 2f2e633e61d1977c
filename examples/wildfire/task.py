"""What the tasks of the example share: one thread, their folders, numbers from the environment, the header of every log."""

import json
import os
import pathlib
import sys

# One thread, so that the times do not depend on who else computes. Must be set before numpy is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy

# Seeds of scenes. The three ranges never mix: the network learns on the first, thresholds and the gate use the second,
# figures that are reported and the cameras the third.
TRAIN_SEEDS, TUNE_SEEDS, HELD_OUT_SEEDS = 0, 100_000, 200_000
BLOCKS, PLACES, MODEL, METRICS = "blocks.npz", "places-{}.npz", "model.npz", "metrics.json"
FLOAT32, INT8, SEEN, GATE = "model-float32.onnx", "model-int8.onnx", "seen-{}.npz", "gate.json"


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


def write_part(name, share, **arrays):
    """One of the files that jobs beside each other make of one work."""
    part, parts, whole = share
    numpy.savez(output_path(name.format(part)), parts=parts, whole=whole, **arrays)


def read_parts(name):
    """The arrays of each of those files; ends the program when they are not all of one work."""
    part, known = 1, None
    while known is None or part <= known[0]:
        file_name = name.format(part)
        if not input_path(file_name).exists():
            sys.exit(f"there is no {file_name}" + (f", part {part} of {known[0]}" if known else ""))
        with numpy.load(input_path(file_name), allow_pickle=False) as file:
            about = int(file["parts"]), str(file["whole"])
            if about != (known or about):
                sys.exit(f"{file_name} is one of {about[0]} parts of {about[1]}, {name.format(1)} of {known[0]} of {known[1]}")
            known = about
            yield dict(file)
        part += 1


def share(whole, most):
    """(part, parts, whole): this job does the PARTth (1, 2, …) of PARTS shares of a work that `whole` describes; of 1 when not
    given."""
    parts = number("PARTS", 1, int, 1, most)
    return number("PART", 1, int, 1, parts), parts, whole


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
