"""A component that returns its input, with a tag and a metric of each kind."""

import time


class Soaked:
    def predict(self, X, features_names):
        return X

    def send_feedback(self, features, feature_names, reward, truth, routing=None):
        return None

    def tags(self):
        return {"soaked": True}

    def metrics(self):
        return [
            {"type": "COUNTER", "key": "soak_calls", "value": 1},
            {"type": "GAUGE", "key": "soak_second", "value": time.time() % 60},
            {"type": "TIMER", "key": "soak_time", "value": time.time() % 60},
        ]
