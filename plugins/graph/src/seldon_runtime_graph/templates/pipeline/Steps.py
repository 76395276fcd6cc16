import numpy as np


class Scale:
    """Prepares what the model receives."""

    def transform_input(self, X, features_names):
        return X / 100


class Model:
    """Predicts."""

    def predict(self, X, features_names):
        return X.sum(axis=1, keepdims=True)


class Round:
    """Finishes what the model answered."""

    def transform_output(self, X, features_names):
        return np.round(X, 1)
