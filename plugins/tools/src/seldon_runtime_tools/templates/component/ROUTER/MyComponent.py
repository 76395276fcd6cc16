import random


class MyComponent:
    """Routes to the branch with the best mean reward, or to a random one. Replace it by your router."""

    def __init__(self, n_branches=2, exploration=0.1):
        self.exploration = exploration
        self.rewards = [0.0] * n_branches
        self.tries = [0] * n_branches

    def route(self, X, features_names):
        """Return the number of the branch for this request, from 0."""
        if random.random() < self.exploration:
            return random.randrange(len(self.tries))
        means = [reward / max(tries, 1) for reward, tries in zip(self.rewards, self.tries, strict=True)]
        return means.index(max(means))

    def send_feedback(self, features, features_names, reward, truth, routing=None):
        """Add the reward to the branch that answered."""
        if routing is not None and 0 <= routing < len(self.tries):
            self.rewards[routing] += reward
            self.tries[routing] += 1
