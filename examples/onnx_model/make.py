"""Makes sums.onnx: the sums of the rows of a matrix."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

axes = numpy_helper.from_array(np.array([1]), "axes")
node = helper.make_node("ReduceSum", ["X", "axes"], ["sums"], keepdims=1)
matrix = helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, None])
sums = helper.make_tensor_value_info("sums", TensorProto.FLOAT, [None, 1])
graph = helper.make_graph([node], "sums", [matrix], [sums], [axes])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, "sums.onnx")
