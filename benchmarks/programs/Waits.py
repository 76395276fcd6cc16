"""An identity that may take its time, without holding the interpreter."""

import time


class Waits:
    def __init__(self, wait_s=0.0):
        self.wait_s = wait_s

    def predict(self, X, features_names):
        if self.wait_s:
            time.sleep(self.wait_s)
        return X
