"""V2 by HTTP: a server of its own for each test, with every hook of the plugin."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from seldon_runtime.testing import Served
from seldon_runtime.testing.served import LOCAL
from seldon_runtime_v2.plugin import V2Plugin


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


@pytest.fixture
def serve():
    """``serve(user, *words)``: a function that sends a request to a server of its own."""
    started = []

    def serve(user, *words):
        plugin = V2Plugin()
        served = Served("rest", user, (*LOCAL, *words), extensions=[plugin]).start()
        started.append(served)

        def ask(verb, path, body=None, **headers):
            connection = http.client.HTTPConnection(urlsplit(served.address).netloc, timeout=30)
            try:
                connection.request(verb, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
                return Answer(connection.getresponse())
            finally:
                connection.close()

        ask.served = served
        return ask

    yield serve
    for served in started:
        served.stop()
