"""Draws the jobs that `duru get jobs -o json` lists, on standard input, as a timeline.

    duru get jobs -o json | tools/timeline.py

One line a job, in the order of their ends: seconds since the first was submitted, the chip (`emulated` where it is), and a
bar in which `.` is waiting and `#` is running.
"""

import datetime
import json
import sys

WIDTH = 40


def seconds_since(start, text):
    return (datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - start).total_seconds()


def draw(jobs):
    """Returns the lines for jobs that ended; those that never started have no bar of `#`."""
    jobs = sorted((job for job in jobs if job.get("ended_at")), key=lambda job: job["ended_at"])
    if not jobs:
        return ["no job has ended yet"]
    start = datetime.datetime.fromisoformat(min(job["submitted_at"] for job in jobs).replace("Z", "+00:00"))
    whole = max(seconds_since(start, job["ended_at"]) for job in jobs) or 1.0
    rows = [("job", "state", "queued", "started", "ended", "chip", f"0 s to {whole:.1f} s")]
    for job in jobs:
        queued, ended = (seconds_since(start, job[key]) for key in ("submitted_at", "ended_at"))
        began = seconds_since(start, job["started_at"]) if job.get("started_at") else ended
        columns = [round(WIDTH * moment / whole) for moment in (queued, began, ended)]
        bar = " " * columns[0] + "." * (columns[1] - columns[0]) + "#" * (columns[2] - columns[1])
        chip = (job.get("chip") or "none") + (" (emulated)" if job.get("emulated") else "")
        started = f"{began:.1f} s" if job.get("started_at") else "never"
        rows.append(
            (job["name"], job["state"], f"{queued:.1f} s", started, f"{ended:.1f} s", chip, f"|{bar:<{WIDTH}}|")
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


if __name__ == "__main__":
    print("\n".join(draw(json.load(sys.stdin)["items"])))
