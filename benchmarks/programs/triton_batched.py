"""The component of ``Batched.py`` for Triton's backend for Python, behind its dynamic batcher."""

import time

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        arrays = [pb_utils.get_input_tensor_by_name(request, "x").as_numpy() for request in requests]
        time.sleep(0.005 + 0.0001 * sum(len(array) for array in arrays))
        return [pb_utils.InferenceResponse([pb_utils.Tensor("output", array)]) for array in arrays]
