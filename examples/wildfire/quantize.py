"""Fourth job: exports the trained network to ONNX and quantises it to int8.

Input: model.npz. Outputs: model-float32.onnx and model-int8.onnx, with a threshold that gate.py has yet to decide.
"""

import task  # first: it sets the number of threads

import numpy
import onnx

import export

UNDECIDED = 0.5


def main():
    task.print_header("quantize: from float32 to int8")
    with numpy.load(task.input_path(task.MODEL), allow_pickle=False) as file:
        arrays = dict(file)
    float32 = export.describe(export.build(arrays), arrays, UNDECIDED)
    int8 = export.describe(export.quantise(float32, arrays), arrays, UNDECIDED)
    for name, model in ((task.FLOAT32, float32), (task.INT8, int8)):
        onnx.save(model, task.output_path(name))
    print(f"operators of the exported model: {', '.join(export.operators(float32))}")


if __name__ == "__main__":
    main()
