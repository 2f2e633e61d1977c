"""First job, GPU track: watches scenes and trains the network that judges each block of a frame; writes its weights.

In rounds: the first network learns from blocks that changed and from random ones, the next also from those of new scenes that
the one before took for smoke.

BLOCK_LESSONS: how many scenes (default 84). TRAIN_CONFUSERS=no: see lessons.py; a model that has never seen what looks like
smoke is stopped by the gate. Output: blocks.npz (arrays only).
"""

import time

import task  # first: it sets the number of threads

import numpy

import lessons
import network
from features import NAMES

ROUNDS = ((0.3, 4), (1.0, 7))  # share of the scenes seen by the end of a round, epochs then
NETWORK = {"hidden": (32, 16), "penalty": 1e-3, "batch": 1024, "members": 3}
SMOKE = 0.06  # opacity from which a block is smoke
SMOKE_BLOCKS, HARD_BLOCKS, RANDOM_BLOCKS = 40, 60, 30  # at most so many from one frame
HARD_LOGIT = -3.9  # of a block without smoke from which it is worth keeping


def pick(rng, places, most):
    return places if len(places) <= most else rng.choice(places, most, replace=False)


def blocks(lesson, rng, before):
    """Yields (features as float16, labels) of some blocks of each frame: smoke, hard ones without, random ones without."""
    for look in lessons.watched(lesson):
        if not look.counts:
            continue
        rows, opacity = look.features.reshape(len(NAMES), -1).T, look.smoke.ravel()
        clear = numpy.flatnonzero(opacity < lessons.CLEAR)
        smoke = pick(rng, numpy.flatnonzero(opacity > SMOKE), SMOKE_BLOCKS)
        if before is None:
            change = abs(rows[clear, NAMES.index("light_z")]) * rng.random(len(clear))
            hard = clear[numpy.argsort(-change)[:HARD_BLOCKS]]
        else:
            hard = pick(rng, clear[before.logits(rows[clear]) > HARD_LOGIT], HARD_BLOCKS)
        chosen = numpy.concatenate([smoke, hard, rng.choice(clear, RANDOM_BLOCKS, replace=False)])
        yield rows[chosen].astype(numpy.float16), numpy.arange(len(chosen)) < len(smoke)


def main():
    task.print_header("train-blocks: a network that tells smoke from what looks like it, block by block")
    count = task.number("BLOCK_LESSONS", 84, int, 2, lessons.MOST)
    rng = numpy.random.default_rng(task.TRAIN_SEEDS)
    started, seen, parts, trained = time.process_time(), 0, [], None
    for share, epochs in ROUNDS:
        while seen < max(round(share * count), 2):
            parts += blocks(lessons.lesson(lessons.BLOCKS + seen), rng, trained)
            seen += 1
        rows, labels = lessons.joined(parts)
        trained, loss = network.trained(rows, labels, epochs=epochs, **NETWORK)
        seconds = time.process_time() - started
        what = f"{len(labels)} blocks of which {int(labels.sum())} smoke; loss {loss:.4f}; {seconds:.0f} s of this CPU"
        print(f"{seen} scenes: {what}", flush=True)
    numpy.savez(task.output_path(task.BLOCKS), **trained.arrays("first"))


if __name__ == "__main__":
    main()
