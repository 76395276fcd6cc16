"""A component that is faster for many rows at a time: 5 ms for a call, and 0.1 ms for each row."""

import time


class Batched:
    def predict(self, X, features_names):
        time.sleep(0.005 + 0.0001 * len(X))
        return X
