"""First job, GPU track: watches training scenes, trains the detector's two networks on them, writes their weights.

The first network judges blocks. It is trained in rounds: a network of the first round learns from blocks that changed and from
random ones, the next from those of new scenes that the network before took for smoke. The second network judges the candidates
that the first one leaves in scenes it has not learnt from.

TRAIN_SCENES: how many scenes (default 280). TRAIN_CONFUSERS=no leaves clouds, fog, dust, glare and shake out of them: that
model has never seen what looks like smoke, and the gate stops it. Outputs: model.npz (arrays only) and metrics.json.
"""

import os
import time

import task  # first: it sets the number of threads

import numpy

import network
from candidates import Candidates
from features import NAMES, Features
from scene import Scene

FRAMES, WARM_UP = 60, 12
IGNITE_AT = (16, 36)  # drawn, or the network would learn to tell the time since the start
BUSY = 8  # times as many events as on a common day, so that a few hours of scenes hold some of each kind
ROUNDS = ((0.09, 4), (0.3, 7))  # share of all scenes that the first network has seen by the end of a round, epochs then
FIRST = {"hidden": (48, 24), "penalty": 1e-3, "batch": 1024}
SECOND = {"hidden": (24, 12), "penalty": 0.1, "batch": 256, "members": 3, "epochs": 12}
SMOKE, CLEAR = 0.06, 0.01  # opacity from which a block, or what is near a candidate, is smoke; below which it is none
SMOKE_BLOCKS, HARD_BLOCKS, RANDOM_BLOCKS = 40, 60, 30  # at most so many from one frame
HARD_LOGIT = -3.9  # of a block without smoke from which it is worth keeping
NEAR = 3  # blocks around a candidate whose smoke is its own


def scenes(count, confusers):
    """Half of them with a fire; of the others one third in the hours of fog, one third around sunset, the rest at any hour."""
    rng = numpy.random.default_rng([task.TRAIN_SEEDS, 1])
    for i in range(count):
        ignite_at = int(rng.integers(*IGNITE_AT))
        hour = (rng.uniform(3, 10), rng.uniform(16, 20), rng.uniform(0, 24))[i // 2 % 3]
        yield Scene(
            task.TRAIN_SEEDS + i,
            start_s=None if i % 2 else 3600 * float(hour),
            ignite_at_frame=ignite_at if i % 2 else None,
            confusers=confusers,
            busy=BUSY,
        )


def watched(scene):
    """Yields (number, features, opacity of smoke in each block) of each frame."""
    features = Features()
    for number in range(FRAMES):
        frame = scene.frame(number)
        maps = features.next(frame)
        yield number, maps, numpy.zeros(maps[0].shape) if frame.smoke is None else frame.smoke


def pick(rng, places, most):
    return places if len(places) <= most else rng.choice(places, most, replace=False)


def blocks(scene, rng, first):
    """Yields (features as float16, labels) of some blocks of each frame: smoke, hard ones without, random ones without."""
    for number, maps, opacity in watched(scene):
        if number < WARM_UP:
            continue
        rows, opacity = maps.reshape(len(NAMES), -1).T, opacity.ravel()
        clear = numpy.flatnonzero(opacity < CLEAR)
        smoke = pick(rng, numpy.flatnonzero(opacity > SMOKE), SMOKE_BLOCKS)
        if first is None:
            change = abs(rows[clear, NAMES.index("light_z")]) * rng.random(len(clear))
            hard = clear[numpy.argsort(-change)[:HARD_BLOCKS]]
        else:
            hard = pick(rng, clear[first.logits(rows[clear]) > HARD_LOGIT], HARD_BLOCKS)
        chosen = numpy.concatenate([smoke, hard, rng.choice(clear, RANDOM_BLOCKS, replace=False)])
        yield rows[chosen].astype(numpy.float16), numpy.arange(len(chosen)) < len(smoke)


def candidates(scene, first):
    """Yields (rows, labels) of the candidates of each frame, without those of which it is hard to say."""
    found = Candidates()
    for number, maps, opacity in watched(scene):
        logits = first.logits(maps.reshape(len(NAMES), -1).T).reshape(opacity.shape)
        places, rows = found.next(maps, logits)
        if number < WARM_UP:
            continue
        near = [opacity[max(r - NEAR, 0) : r + NEAR + 1, max(c - NEAR, 0) : c + NEAR + 1].max() for r, c in places]
        near = numpy.array(near)
        clear = (near < CLEAR) | (near > SMOKE)
        yield rows[clear], near[clear] > SMOKE


def joined(parts):
    return tuple(numpy.concatenate(column) for column in zip(*parts))


def main():
    task.print_header("train: a network that tells smoke from what looks like it, block by block, and one that judges places")
    count = task.number("TRAIN_SCENES", 280, int)
    confusers = os.environ.get("TRAIN_CONFUSERS", "yes") != "no"
    rng = numpy.random.default_rng(task.TRAIN_SEEDS)
    started, seen, parts, first = time.process_time(), 0, [], None
    made = scenes(count, confusers)
    for share, epochs in ROUNDS:
        while seen < max(round(share * count), 2):
            parts += blocks(next(made), rng, first)
            seen += 1
        rows, labels = joined(parts)
        first, loss = network.trained(rows, labels, epochs=epochs, **FIRST)
        print(f"{seen} scenes: {len(labels)} blocks of which {int(labels.sum())} smoke; loss {loss:.4f}", flush=True)
    del parts
    rows, labels = joined(part for scene in made for part in candidates(scene, first))
    second, loss = network.trained(rows, labels, **SECOND)
    print(f"{count - seen} scenes: {len(labels)} candidates of which {int(labels.sum())} smoke; loss {loss:.4f}", flush=True)
    seconds = time.process_time() - started

    numpy.savez(task.output_path(task.MODEL), **first.arrays("first"), **second.arrays("second"))
    metrics = {
        "synthetic": True,
        "scenes": count,
        "confusers": confusers,
        "candidates": len(labels),
        "smoke_candidates": int(labels.sum()),
        "loss": round(loss, 5),
        "cpu_seconds": round(seconds, 1),
    }
    task.write_json(task.METRICS, metrics)
    print(f"{count * FRAMES} frames, {seconds:.0f} s of this CPU")


if __name__ == "__main__":
    main()
