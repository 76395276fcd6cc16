import random


class Bandit:
    """Chooses the branch with the best average reward, and another one from time to time."""

    def __init__(self, n_branches=2, epsilon=0.1):
        self.epsilon = epsilon
        self.rewards = [0.0] * n_branches
        self.trials = [1] * n_branches

    def route(self, X, features_names):
        if random.random() < self.epsilon:
            return random.randrange(len(self.trials))
        means = [reward / count for reward, count in zip(self.rewards, self.trials, strict=True)]
        return means.index(max(means))

    def send_feedback(self, features, feature_names, reward, truth, routing=None):
        if routing is not None and routing >= 0:
            self.rewards[routing] += reward
            self.trials[routing] += 1
