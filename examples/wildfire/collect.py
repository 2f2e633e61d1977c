"""Second job, by two on processors: makes scenes, and collects what the first network leaves for the second one to judge.

PLACE_LESSONS: how many scenes (default 720). PART, PARTS: this job takes the PARTth (1, 2, …) of so many shares of them
(default: all). TRAIN_CONFUSERS: see lessons.py. Input: blocks.npz. Output: places-PART.npz: rows of candidates (float16) and
whether smoke is near (true or false).
"""

import time

import task  # first: it sets the number of threads

import numpy

import lessons
from candidates import Candidates
from features import NAMES
from network import Network

SMOKE = 0.05  # opacity near a candidate from which it means smoke; thinner than for a block, as this network knows its history
NEAR = 3  # blocks around a candidate whose smoke is its own


def candidates(lesson, first):
    """Yields (rows, labels) of the candidates of each frame, without those of which it is hard to say."""
    found = Candidates()
    for look in lessons.watched(lesson):
        logits = first.logits(look.features.reshape(len(NAMES), -1).T).reshape(look.smoke.shape)
        places, rows = found.next(look.features, logits, look.steps)
        if not look.counts:
            continue
        near = [look.smoke[max(r - NEAR, 0) : r + NEAR + 1, max(c - NEAR, 0) : c + NEAR + 1].max() for r, c in places]
        near = numpy.array(near)
        clear = (near < lessons.CLEAR) | (near > SMOKE)
        yield rows[clear].astype(numpy.float16), near[clear] > SMOKE


def main():
    task.print_header("collect: scenes, and the places in them that look like smoke to the first network")
    count = task.number("PLACE_LESSONS", 720, int, 1, lessons.MOST)
    part, parts, _ = share = task.share(f"{count} lessons", count)
    with numpy.load(task.input_path(task.BLOCKS), allow_pickle=False) as file:
        first = Network.of(file, "first")
    started = time.process_time()
    numbers = range(count * (part - 1) // parts, count * part // parts)
    made = [rows for number in numbers for rows in candidates(lessons.lesson(lessons.PLACES + number), first)]
    rows, labels = lessons.joined(made)
    task.write_part(task.PLACES, share, rows=rows, labels=labels)
    seconds = time.process_time() - started
    print(f"{len(numbers)} scenes: {len(labels)} candidates of which {int(labels.sum())} smoke; {seconds:.0f} s of this CPU")


if __name__ == "__main__":
    main()
