"""The identity for LitServe: JSON to NumPy and back.

python litserve_identity.py PORT
"""

import sys

import litserve
import numpy as np


class Identity(litserve.LitAPI):
    def setup(self, device):
        pass

    def decode_request(self, request):
        return np.array(request["instances"])

    def predict(self, rows):
        return rows

    def encode_response(self, output):
        return {"predictions": output.tolist()}


def serve(api):
    server = litserve.LitServer(api, accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")


if __name__ == "__main__":
    serve(Identity())
