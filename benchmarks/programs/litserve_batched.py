"""The component of ``Batched.py`` for LitServe and its batching.

python litserve_batched.py PORT
"""

import time

import numpy as np
from litserve_identity import Identity, serve


class Batched(Identity):
    def batch(self, inputs):
        return np.concatenate(inputs)

    def predict(self, rows):
        time.sleep(0.005 + 0.0001 * len(rows))
        return rows

    def unbatch(self, output):
        return [output[row : row + 1] for row in range(len(output))]


if __name__ == "__main__":
    serve(Batched(max_batch_size=64, batch_timeout=0.005))
