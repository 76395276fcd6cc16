"""Identities for Ray Serve that follow one another, each a deployment of its own.

python ray_chain.py PORT LENGTH
"""

import signal
import sys

import numpy as np
import ray
from ray import serve


@serve.deployment(ray_actor_options={"num_cpus": 0})
class Node:
    def __init__(self, following=None):
        self.following = following

    async def predict(self, rows):
        return rows if self.following is None else await self.following.predict.remote(rows)

    async def __call__(self, request):
        rows = np.array((await request.json())["instances"])
        return {"predictions": (await self.predict(rows)).tolist()}


def main():
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    chain = Node.options(name="node-0").bind()
    for number in range(1, int(sys.argv[2])):
        chain = Node.options(name=f"node-{number}").bind(chain)
    serve.run(chain, route_prefix="/predict")
    signal.pause()


if __name__ == "__main__":
    main()
