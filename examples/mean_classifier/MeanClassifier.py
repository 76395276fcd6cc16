import numpy as np


class MeanClassifier:
    """How surely the mean of a row lies above a threshold."""

    def __init__(self, threshold=0.0):
        self.threshold = threshold

    def predict(self, X, features_names):
        distance = np.asarray(X, dtype=float).mean(axis=1, keepdims=True) - self.threshold
        return 1 / (1 + np.exp(-distance))

    def class_names(self):
        return ["above"]
