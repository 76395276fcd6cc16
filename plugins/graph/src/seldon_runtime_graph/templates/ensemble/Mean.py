import numpy as np


class Mean:
    """Averages the answers of its children."""

    def aggregate(self, features_list, names_list):
        return np.mean(features_list, axis=0)
