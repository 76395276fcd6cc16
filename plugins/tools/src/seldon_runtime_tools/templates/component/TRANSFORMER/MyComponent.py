import numpy as np


class MyComponent:
    """Scales requests and leaves answers unchanged. Replace it by your transformer."""

    def __init__(self, scale=1.0):
        self.scale = scale

    def transform_input(self, X, features_names):
        """Return the model's input for X, an array of shape (rows, features)."""
        return np.clip(np.asarray(X, dtype=float) / self.scale, -1, 1)

    def transform_output(self, X, features_names):
        """Return the client's answer for X, the model's answer."""
        return X

    def class_names(self):
        """Return the names of the columns."""
        return ["a", "b"]
