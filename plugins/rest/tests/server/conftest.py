"""Tests of the HTTP server.

Modules that other files test:

    parts, pending, response_text: plugins/rest/tests/server/test_responses.py
    connections: plugins/rest/tests/server/test_timeouts.py, plugins/rest/tests/server/test_connection_age.py
    http_server: plugins/rest/tests/test_transport.py
    response_side: plugins/rest/tests/server/test_responses.py
    refusal: plugins/rest/tests/server/test_protocol.py, plugins/rest/tests/server/test_reader.py
"""

from __future__ import annotations

import socket
import threading

import pytest

from seldon_runtime.testing import WAIT_S
from seldon_runtime_rest.server import timeouts

from .raw_requests import all_of


@pytest.fixture
def brief_linger(monkeypatch):
    """Let the server read over what a refused client still sends for a short time only."""
    monkeypatch.setattr(timeouts, "_LINGER_S", 0.2)


class Gated:
    """Its call with the text ``wait`` waits for the gate."""

    def __init__(self):
        self.gate = threading.Event()
        self.began = threading.Event()
        self.calls = 0

    def predict(self, X, names):
        self.calls += 1
        if isinstance(X, str) and X == "wait":
            self.began.set()
            assert self.gate.wait(WAIT_S)
        return X


@pytest.fixture(scope="module")
def server(serve_module):
    """A server of :class:`Gated`; modules with another component define their own."""
    return serve_module(Gated())


@pytest.fixture
def user(server):
    """The component behind ``server``, with a closed gate and without calls."""
    user = server.service.user
    user.calls = 0
    user.began.clear()
    user.gate.clear()
    return user


@pytest.fixture
def connect(server):
    """Makes connections to the server."""
    return lambda: socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S)


@pytest.fixture
def exchange(connect):
    """Sends bytes and gives all that comes back until the server closes the connection."""

    def exchange(*pieces: bytes) -> bytes:
        with connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return all_of(connection)

    return exchange
