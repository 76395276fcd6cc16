"""The identity for KServe: JSON to NumPy and back.

python kserve_identity.py --http_port PORT ...
"""

import argparse

import numpy as np
from kserve import InferRequest, Model, ModelServer, model_server
from kserve.utils.utils import get_predict_response


class Identity(Model):
    def __init__(self):
        super().__init__("identity")
        self.ready = True

    def predict(self, payload, headers=None):
        if isinstance(payload, InferRequest):
            return get_predict_response(payload, payload.inputs[0].as_numpy(), self.name)
        return {"predictions": np.array(payload["instances"]).tolist()}


if __name__ == "__main__":
    arguments, _ = argparse.ArgumentParser(parents=[model_server.parser]).parse_known_args()
    ModelServer(workers=1).start([Identity()])
