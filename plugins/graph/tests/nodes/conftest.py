"""Tests of what the nodes run.

Modules that are tested elsewhere:

    remote, remote_grpc: plugins/graph/tests/nodes/test_remote_nodes.py
    bounded_response: plugins/graph/tests/nodes/test_remote_rest.py
    values: plugins/graph/tests/nodes/test_raw_methods.py
"""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack

import pytest


@pytest.fixture
def closing():
    """``closing(node)``: close a node after the test."""
    with ExitStack() as stack:
        yield lambda node: stack.callback(node.close)


@pytest.fixture
def listener():
    """``listener(act)``: the address of a server that accepts connections and hands each to ``act``."""
    opened = socket.create_server(("127.0.0.1", 0))
    accepted = []

    def listener(act):
        def serve():
            while True:
                try:
                    connection, _ = opened.accept()
                except OSError:
                    return
                accepted.append(connection)
                act(connection, len(accepted))

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{opened.getsockname()[1]}", accepted

    yield listener
    opened.close()
    for connection in accepted:
        connection.close()
