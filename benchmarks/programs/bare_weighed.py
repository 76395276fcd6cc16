"""A variant of ``bare_grpc.py`` that refuses empty messages and reports the memory of its process.

python bare_weighed.py PORT
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from Weighed import weight


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(self.answer)

    def answer(self, request, context):
        if not request:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the message is empty")
        return json.dumps(weight()).encode() if b"weigh" in request else request


if __name__ == "__main__":
    server = grpc.server(ThreadPoolExecutor(16), [Echo()])
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    server.wait_for_termination()
