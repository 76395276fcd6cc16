import numpy as np

from seldon_runtime import SeldonError


class AverageCombiner:
    """One answer for several models': their mean, or the mean with these weights ("0.7,0.3")."""

    def __init__(self, weights=""):
        self.weights = [float(weight) for weight in weights.split(",")] if weights else None

    def aggregate(self, features_list, names_list):
        if len({np.shape(answer) for answer in features_list}) > 1:
            raise SeldonError(
                f"answers of different shapes: {[np.shape(answer) for answer in features_list]}"
            )
        if self.weights and len(self.weights) != len(features_list):
            raise SeldonError(
                f"{len(features_list)} answers, but {len(self.weights)} weights", status_code=500
            )
        return np.average(features_list, axis=0, weights=self.weights)
