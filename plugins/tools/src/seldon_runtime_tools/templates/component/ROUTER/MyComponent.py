import random


class MyComponent:
    """Replace this by your router: it sends a request to the best branch so far, and now and then to any."""

    def __init__(self, n_branches=2, exploration=0.1):
        self.exploration = exploration
        self.rewards = [0.0] * n_branches
        self.tries = [0] * n_branches

    def route(self, X, features_names):
        """The number of the branch to ask, from 0."""
        if random.random() < self.exploration:
            return random.randrange(len(self.tries))
        means = [reward / max(tries, 1) for reward, tries in zip(self.rewards, self.tries, strict=True)]
        return means.index(max(means))

    def send_feedback(self, features, features_names, reward, truth, routing=None):
        """Learn what the branch that was taken has earned."""
        if routing is not None and 0 <= routing < len(self.tries):
            self.rewards[routing] += reward
            self.tries[routing] += 1
