"""Reads the JSON lines of examples/wildfire/evaluate.py on stdin; prints them as a table, one row a model."""

import json
import sys

COLUMNS = {
    "recall": "RECALL",
    "false_alarms_per_camera_day": "FALSE-ALARMS/CAMERA-DAY",
    "delay_s_median": "MEDIAN-DELAY-S",
    "frames_per_second": "FRAMES/S/CORE",
}


def main():
    figures, about = {}, {}
    for line in map(json.loads, sys.stdin):
        figures.setdefault(line["model"], {})[line["figure"]] = line["value"]
        about |= line
    rows = [("MODEL", *COLUMNS.values())]
    for model, seen in figures.items():
        rows.append((model, *(f"{seen[name]:g}" if name in seen else "-" for name in COLUMNS)))
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
    seeds, fires, days = about["seeds"], about["fires"], about["camera_days"]
    print(f"synthetic; seeds {seeds}: {fires} fires, {days:g} camera-days: too few to say more than that it works.")
    print("What the detector does on 30 camera-days and 120 fires stands in examples/wildfire/README.md (bench/run wildfire)")


main()
