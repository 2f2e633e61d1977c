"""From trained weights to ONNX: float32, and int8 by static quantisation with blocks of training scenes to calibrate.

Conv (1 x 1) and Relu are all the network holds: the operators that every NPU compiler takes. What else a detector needs travels
in the file's metadata, under `wildfire`.
"""

import itertools
import json
import os
import tempfile

import task  # first: it sets the number of threads

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

import lessons
from features import NAMES
from network import Network, packed
from scene import GRID

CALIBRATION_SCENES, CALIBRATION_EVERY = 4, 4


def build(arrays):
    """The first network from `blocks` (1, features, 45, 80), normalised, to `logits` (1, 1, 45, 80)."""
    layers = sum(name.startswith("first_weights_") for name in arrays)
    nodes, initializers, value = [], [], "blocks"
    for i in range(layers):
        last = i == layers - 1
        kernel = numpy.ascontiguousarray(arrays[f"first_weights_{i}"].T)[:, :, None, None]
        initializers.append(numpy_helper.from_array(kernel, f"weights_{i}"))
        initializers.append(numpy_helper.from_array(arrays[f"first_bias_{i}"], f"bias_{i}"))
        conv = "logits" if last else f"conv_{i}"
        nodes.append(helper.make_node("Conv", [value, f"weights_{i}", f"bias_{i}"], [conv], f"conv_{i}", kernel_shape=[1, 1]))
        if not last:
            nodes.append(helper.make_node("Relu", [conv], [f"relu_{i}"], f"relu_{i}"))
        value = f"relu_{i}"
    graph = helper.make_graph(
        nodes,
        "wildfire",
        [helper.make_tensor_value_info("blocks", TensorProto.FLOAT, [1, len(NAMES), *GRID])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 1, *GRID])],
        initializers,
    )
    # An operator set and a format version that compilers of several years take.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def plain(array):
    return numpy.round(array.astype(numpy.float64), 4).tolist()


def describe(model, arrays, threshold):
    """Writes into the model what a detector needs to know besides its weights."""
    about = {
        "features": list(NAMES),
        "mean": plain(arrays["first_mean"]),
        "scale": plain(arrays["first_scale"]),
        "second": {name: packed(array) for name, array in arrays.items() if name.startswith("second_")},
        "threshold": threshold,
        "synthetic": True,
    }
    helper.set_model_props(model, {"wildfire": json.dumps(about)})
    return model


def decide(model, threshold):
    """Puts another threshold into a model that describe() described."""
    about = json.loads(model.metadata_props[0].value) | {"threshold": threshold}
    helper.set_model_props(model, {model.metadata_props[0].key: json.dumps(about)})
    return model


def operators(model):
    return sorted({node.op_type for node in model.graph.node})


class CalibrationBlocks(CalibrationDataReader):
    """Features of some frames of training scenes: those that tune and judge the model stay unseen."""

    def __init__(self, network):
        self._inputs = self._make(network)

    def _make(self, network):
        for i in range(CALIBRATION_SCENES):
            looks = lessons.watched(lessons.lesson(lessons.BLOCKS + i))
            for look in itertools.islice(looks, 0, None, CALIBRATION_EVERY):
                yield {"blocks": network.normalised(look.features.T).T[None]}

    def get_next(self):
        return next(self._inputs, None)


def quantise(model, arrays):
    """The int8 model of a float32 one; QDQ form, activations and weights int8, a scale for each output channel."""
    with tempfile.TemporaryDirectory() as temporary:
        exported, prepared, made = (os.path.join(temporary, name) for name in ("model", "prepared", "int8"))
        onnx.save(model, exported)
        quant_pre_process(exported, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            made,
            CalibrationBlocks(Network.of(arrays, "first")),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
        )
        return onnx.load(made)
