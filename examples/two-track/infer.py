"""Third job, NPU track: classifies the held-out scans with the int8 model; writes every prediction.

Input: model-int8.onnx. Outputs: predictions.csv (scan, label, predicted, margin between the two largest logits) and summary.json.
"""

import csv
import os
import time

import digits  # first: it sets the number of threads

import numpy
import onnxruntime


def main():
    digits.print_header("infer: the held-out scans, one at a time, as a camera would send them")
    scans, labels = digits.split()["test"]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(digits.input_path(digits.QUANTIZED)), options, providers=["CPUExecutionProvider"]
    )

    logits, milliseconds = [], []
    for i in range(len(scans)):
        started = time.perf_counter()
        logits.append(session.run(["logits"], {"scans": scans[i : i + 1]})[0][0])
        milliseconds.append(1000 * (time.perf_counter() - started))
    logits = numpy.array(logits)

    with open(digits.output_path("predictions.csv"), "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["scan", "label", "predicted", "margin"])
        for i, row in enumerate(logits):
            second, first = numpy.sort(row)[-2:]
            writer.writerow([i, labels[i], row.argmax(), f"{first - second:.4f}"])
    percent = digits.accuracy(logits, labels)
    wrong = int((logits.argmax(axis=1) != labels).sum())
    median, slow = numpy.percentile(milliseconds, [50, 99])
    digits.write_json(
        "summary.json",
        {
            "accuracy_percent": round(percent, 3),
            "scans": len(labels),
            "wrong": wrong,
            "latency_ms_median": round(float(median), 4),
            "latency_ms_p99": round(float(slow), 4),
            "chip": os.environ.get("DURU_CHIP", ""),
            "emulated": os.environ.get("DURU_EMULATED") == "1",
            "timed_on": "cpu",
        },
    )
    print(f"{len(labels)} held-out scans: {percent:.2f} % right, {wrong} wrong")
    print(f"a scan takes {median:.3f} ms (median), {slow:.3f} ms (99th percentile), on this CPU")


if __name__ == "__main__":
    main()
