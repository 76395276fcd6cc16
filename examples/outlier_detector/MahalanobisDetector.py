import numpy as np


class MahalanobisDetector:
    """Scores each row by its distance from all rows before it, in their own spread; it learns as it goes.

    The first rows score 0: until there are more of them than columns, there is no spread to measure by.
    """

    def __init__(self):
        self.count = 0
        self.mean = None
        self.scatter = None

    def score(self, X, features_names):
        return [self._score(row) for row in np.asarray(X, dtype=float)]

    def _score(self, row):
        if self.mean is None:
            self.mean, self.scatter = np.zeros(len(row)), np.zeros((len(row), len(row)))
        distance = 0.0
        if self.count > len(row):
            covariance = self.scatter / (self.count - 1) + 1e-9 * np.eye(len(row))
            away = row - self.mean
            distance = float(np.sqrt(away @ np.linalg.solve(covariance, away)))
        self.count += 1  # Welford's update
        away = row - self.mean
        self.mean = self.mean + away / self.count
        self.scatter = self.scatter + np.outer(away, row - self.mean)
        return round(distance, 6)
