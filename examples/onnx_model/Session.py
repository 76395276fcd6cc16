import numpy as np
import numpy.typing as npt
import onnxruntime


class Session:
    """A session of ONNX Runtime; the hint gives it the 32-bit floats that its input declares."""

    def __init__(self, path: str = "sums.onnx"):
        self.path = path

    def load(self):
        self.session = onnxruntime.InferenceSession(self.path, providers=["CPUExecutionProvider"])
        (self.input,) = self.session.get_inputs()

    def predict(self, X: npt.NDArray[np.float32]):
        (sums,) = self.session.run(None, {self.input.name: X})
        return sums

    def class_names(self):
        return [output.name for output in self.session.get_outputs()]
