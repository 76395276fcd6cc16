"""The identity for KServe: JSON to NumPy and back.

python kserve_identity.py --http_port PORT ...
"""

import argparse

import numpy as np
from kserve import Model, ModelServer, model_server


class Identity(Model):
    def __init__(self):
        super().__init__("identity")
        self.ready = True

    def predict(self, payload, headers=None):
        return {"predictions": np.array(payload["instances"]).tolist()}


if __name__ == "__main__":
    arguments, _ = argparse.ArgumentParser(parents=[model_server.parser]).parse_known_args()
    ModelServer(workers=1).start([Identity()])
