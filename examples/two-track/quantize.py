"""Second job: exports the trained network to ONNX, quantises it to int8, and holds it to a floor.

Inputs: model.npz, metrics.json. FLOOR_POINTS says how many points of accuracy int8 may lose against training, measured on
the validation scans. Outputs: model-int8.onnx and gate.json. Misses the floor: says by how much and exits with 1, so that
Duru fails the job and starts nothing that comes after it.
"""

import json
import os
import sys
import tempfile

import digits  # first: it sets the number of threads

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

CALIBRATION_SCANS = 200


def export(arrays):
    """The network as an ONNX model from `scans` (n, 64) to `logits` (n, 10).

    Gemm and Relu are all it holds. A classifier's usual tail (Softmax, ArgMax, look-up of the label, as skl2onnx would
    write it) is left out: NPU compilers do not take its operators, and the largest logit is the same answer.
    """
    layers = len(arrays) // 2
    nodes, initializers, value = [], [], "scans"
    for i in range(layers):
        last = i == layers - 1
        for name in (f"weights_{i}", f"bias_{i}"):
            initializers.append(numpy_helper.from_array(arrays[name], name))
        gemm = "logits" if last else f"gemm_{i}"
        nodes.append(helper.make_node("Gemm", [value, f"weights_{i}", f"bias_{i}"], [gemm], f"gemm_{i}"))
        if not last:
            nodes.append(helper.make_node("Relu", [gemm], [f"relu_{i}"], f"relu_{i}"))
        value = f"relu_{i}"
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("scans", TensorProto.FLOAT, ["n", arrays["weights_0"].shape[0]])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 10])],
        initializers,
    )
    # An operator set and a format version that compilers of several years take.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


class CalibrationScans(CalibrationDataReader):
    """Training scans, drawn by a fixed seed: the validation part stays unseen."""

    def __init__(self, scans):
        chosen = numpy.random.default_rng(digits.SEED).choice(len(scans), CALIBRATION_SCANS, replace=False)
        self._batches = iter([{"scans": scans[i : i + 1]} for i in sorted(chosen)])

    def get_next(self):
        return next(self._batches, None)


def quantize(model, scans, path):
    with tempfile.TemporaryDirectory() as temporary:
        exported, prepared = (os.path.join(temporary, name) for name in ("model.onnx", "prepared.onnx"))
        onnx.save(model, exported)
        quant_pre_process(exported, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            path,
            CalibrationScans(scans),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
        )


def run(model, scans):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"scans": scans})[0]


def read_floor():
    text = os.environ.get("FLOOR_POINTS", "1.0")
    try:
        return float(text)
    except ValueError:
        sys.exit(f"FLOOR_POINTS is {text!r}, expected a number of points of accuracy, as 1.0")


def main():
    digits.print_header("quantize: from float32 to int8, held to a floor")
    floor_points = read_floor()
    parts = digits.split()
    with numpy.load(digits.input_path(digits.MODEL), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    trained = json.loads(digits.input_path(digits.METRICS).read_text())["validation_accuracy_percent"]

    path = str(digits.output_path(digits.QUANTIZED))
    model = export(arrays)
    quantize(model, parts["train"][0], path)
    scans, labels = parts["validation"]
    float32 = digits.accuracy(run(model.SerializeToString(), scans), labels)
    int8 = digits.accuracy(run(path, scans), labels)
    floor = trained - floor_points
    gate = {
        "trained_accuracy_percent": round(trained, 3),
        "float32_accuracy_percent": round(float32, 3),
        "int8_accuracy_percent": round(int8, 3),
        "floor_points": floor_points,
        "floor_percent": round(floor, 3),
        "validation_scans": len(labels),
        "operators": sorted({node.op_type for node in model.graph.node}),
        "passed": int8 >= floor,
    }
    digits.write_json("gate.json", gate)
    print(f"operators of the exported model: {', '.join(gate['operators'])}")
    print(f"accuracy on {len(labels)} validation scans: training {trained:.2f} %, float32 {float32:.2f} %, int8 {int8:.2f} %")
    distance = f"{abs(floor_points):.1f} points {'above' if floor_points < 0 else 'below'} training"
    verdict = "passed" if gate["passed"] else "FAILED"
    print(f"gate {verdict}: int8 {int8:.2f} %, floor {floor:.2f} %, {distance}", flush=True)
    if not gate["passed"]:
        sys.exit(f"the int8 model misses its floor by {floor - int8:.2f} points; it is not handed on")


if __name__ == "__main__":
    main()
