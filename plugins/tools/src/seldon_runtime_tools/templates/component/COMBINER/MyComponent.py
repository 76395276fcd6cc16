import numpy as np


class MyComponent:
    """Averages the answers of its children. Replace it by your combiner."""

    def aggregate(self, features_list, names_list):
        """Return one answer for those of the children: arrays of shape (rows, columns), in their order."""
        return np.mean(features_list, axis=0)
