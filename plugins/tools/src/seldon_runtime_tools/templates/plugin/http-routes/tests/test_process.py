"""The installed plugin in a real process."""

from __future__ import annotations

import json
from collections.abc import Callable

from rest_client import fetch

from seldon_runtime.testing import Process

UPPER = """
    class Upper:
        def predict(self, X, features_names):
            return X.upper()
"""


def test_the_routes_are_served_and_documented(seldon_run: Callable[..., Process]) -> None:
    process = seldon_run("Upper", "REST", source=UPPER, env={"SELDON_EXTENSIONS": "my-name"})
    address = process.addresses["rest"]
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    assert fetch(f"{address}/my-name/predict", "grün".encode(), headers) == (200, "GRÜN\n".encode())
    assert fetch(f"{address}/my-name/predict", b"\xff", headers)[0] == 400
    assert fetch(f"{address}/my-name/version") == (200, b'{"version": "0.1.0"}')
    document = json.loads(fetch(f"{address}/seldon.json")[1])
    assert {"/my-name/predict", "/my-name/version"} <= set(document["paths"])
