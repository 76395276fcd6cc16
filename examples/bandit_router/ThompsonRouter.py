"""A router that learns which of its branches earns the most: Thompson sampling for rewards from 0 to 1."""

import numpy as np


class ThompsonRouter:
    """Each branch has a Beta distribution of its expected reward; the best of one sample each is taken."""

    state_version = 1  # a state of another version is not restored

    def __init__(self, n_branches=2):
        self.successes = np.zeros(n_branches)
        self.failures = np.zeros(n_branches)
        self._random = np.random.default_rng()

    def __getstate__(self):
        """What was learned; the random numbers need not go on where they ended."""
        return {"successes": self.successes, "failures": self.failures}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._random = np.random.default_rng()

    def route(self, X, features_names):
        """The branch to ask."""
        return int(np.argmax(self._random.beta(1 + self.successes, 1 + self.failures)))

    def send_feedback(self, features, features_names, reward, truth, routing=None):
        """Learn from what the branch that was taken has earned."""
        if routing is None or not 0 <= routing < len(self.successes):
            return
        reward = min(1.0, max(0.0, reward))
        self.successes[routing] += reward
        self.failures[routing] += 1 - reward

    def tags(self):
        """What is believed now, with every answer."""
        return {"successes": self.successes.tolist(), "failures": self.failures.tolist()}
