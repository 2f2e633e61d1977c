"""First job, GPU track: watches training scenes, trains the network on their blocks, writes its weights.

In rounds: a first network learns from blocks that changed and from random ones; the next round keeps those of new scenes that
the network before took for smoke, and so the last has met what is hardest to tell apart.

TRAIN_SCENES: how many scenes (default 280). TRAIN_CONFUSERS=no leaves clouds, fog, dust, glare and shake out of them: that
model has never seen what looks like smoke, and the gate stops it. Outputs: model.npz (arrays only) and metrics.json.
"""

import os
import time
import warnings

import task  # first: it sets the number of threads

import numpy
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from detector import CLIP
from features import NAMES, Features
from scene import Scene

FRAMES, WARM_UP = 54, 12
IGNITE_AT = (14, 40)  # drawn, or the network would learn to tell the time since the start
BUSY = 8  # times as many events as on a common day, so that a few hours of scenes hold some of each kind
ROUNDS = ((0.25, 4), (0.5, 4), (1.0, 8))  # share of the scenes seen by the end of the round, epochs of training then
HIDDEN, BATCH = (48, 24), 1024
SMOKE, CLEAR = 0.06, 0.01  # opacity from which a block counts as smoke; below which it counts as none
SMOKE_BLOCKS, HARD_BLOCKS, RANDOM_BLOCKS = 40, 80, 40  # at most so many from one frame
HARD = 0.02  # probability of smoke from which a block without any is worth keeping


class Network:
    """The network between the features of blocks, one a row, and the probability of smoke."""

    def __init__(self, blocks, labels, epochs):
        # Sums of a million numbers need more than the sixteen bits the blocks are kept in.
        self.mean = blocks.mean(axis=0, dtype=numpy.float64).astype(numpy.float32)
        self.scale = blocks.std(axis=0, dtype=numpy.float64).astype(numpy.float32) + numpy.float32(1e-3)
        self._made = MLPClassifier(HIDDEN, batch_size=BATCH, max_iter=epochs, alpha=1e-3, random_state=7)
        with warnings.catch_warnings():
            # The number of epochs is fixed, so that every run does the same work.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._made.fit(self._normalised(blocks), labels)
        self.loss = float(self._made.loss_)

    def _normalised(self, blocks):
        made = blocks.astype(numpy.float32)
        made -= self.mean
        made /= self.scale
        return numpy.clip(made, -CLIP, CLIP, out=made)

    def probabilities(self, blocks):
        return self._made.predict_proba(self._normalised(blocks))[:, 1]

    def arrays(self):
        made = {"mean": self.mean, "scale": self.scale}
        made |= {f"weights_{i}": array.astype(numpy.float32) for i, array in enumerate(self._made.coefs_)}
        return made | {f"bias_{i}": array.astype(numpy.float32) for i, array in enumerate(self._made.intercepts_)}


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


def pick(rng, places, most):
    return places if len(places) <= most else rng.choice(places, most, replace=False)


def samples(scene, rng, network):
    """Yields (features as float16, labels) of some blocks of each frame: smoke, hard ones without, random ones without."""
    features = Features()
    for number in range(FRAMES):
        frame = scene.frame(number)
        maps = features.next(frame).reshape(len(NAMES), -1)
        if number < WARM_UP:
            continue
        opacity = numpy.zeros(maps.shape[1]) if frame.smoke is None else frame.smoke.ravel()
        clear = numpy.flatnonzero(opacity < CLEAR)
        smoke = pick(rng, numpy.flatnonzero(opacity > SMOKE), SMOKE_BLOCKS)
        if network is None:
            change = abs(maps[NAMES.index("light_z")][clear]) * rng.random(len(clear))
            hard = clear[numpy.argsort(-change)[:HARD_BLOCKS]]
        else:
            hard = pick(rng, clear[network.probabilities(maps[:, clear].T) > HARD], HARD_BLOCKS)
        chosen = numpy.concatenate([smoke, hard, rng.choice(clear, RANDOM_BLOCKS, replace=False)])
        yield maps[:, chosen].T.astype(numpy.float16), numpy.arange(len(chosen)) < len(smoke)


def main():
    task.print_header("train: a network that tells smoke from what looks like it, block by block")
    count = task.number("TRAIN_SCENES", 280, int)
    confusers = os.environ.get("TRAIN_CONFUSERS", "yes") != "no"
    rng = numpy.random.default_rng(task.TRAIN_SEEDS)
    started, seen, parts, network = time.process_time(), 0, [], None
    made = scenes(count, confusers)
    for share, epochs in ROUNDS:
        while seen < round(share * count):
            parts += samples(next(made), rng, network)
            seen += 1
        blocks, labels = (numpy.concatenate(column) for column in zip(*parts))
        network = Network(blocks, labels, epochs)
        print(f"{seen} scenes: {len(labels)} blocks of which {int(labels.sum())} smoke; loss {network.loss:.4f}", flush=True)
    seconds = time.process_time() - started

    numpy.savez(task.output_path(task.MODEL), **network.arrays())
    metrics = {
        "synthetic": True,
        "scenes": count,
        "confusers": confusers,
        "blocks": len(labels),
        "smoke_blocks": int(labels.sum()),
        "loss": round(network.loss, 5),
        "cpu_seconds": round(seconds, 1),
    }
    task.write_json(task.METRICS, metrics)
    print(f"{count * FRAMES} frames, {seconds:.0f} s of this CPU")


if __name__ == "__main__":
    main()
