"""Nodes elsewhere that start after the graph: their metadata are asked for until they are known."""

from __future__ import annotations

import pytest

import seldon_runtime
from seldon_runtime.testing import wait_until


class Late:
    def predict(self, X, names=None):
        return X

    def init_metadata(self):
        return {"name": "late", "versions": ["7"], "inputs": [{"messagetype": "array", "schema": {}}]}


@pytest.mark.parametrize("kind", ["REST", "GRPC"])
def test_a_node_that_starts_later_is_described(serve, make, free_port, kind):
    at = {"type": kind, "service_host": "127.0.0.1", "service_port": free_port}
    served = serve(make.node("far", None, make.node("near"), endpoint=at), classes={"far": None})
    assert served.ask("GET", "/metadata/far").json == {}
    assert served.ask("GET", "/metadata").json["graphinputs"] == []
    with seldon_runtime.serve(Late(), api_type=kind, port=free_port):
        wait_until(lambda: served.ask("GET", "/metadata/far").json.get("name") == "late", "the document")
    whole = served.ask("GET", "/metadata").json
    assert whole["models"]["far"]["versions"] == ["7"]
    assert whole["graphinputs"] == [{"messagetype": "array", "schema": {}}]
    assert set(served.ask("GET", "/metadata/far").json) >= {
        "name",
        "versions",
        "platform",
        "outputs",
        "custom",
    }


def test_known_documents_are_asked_for_once(serve, make):
    with seldon_runtime.serve(Late(), api_type="REST", port=0) as far:
        host, port = far.addresses["rest"].rpartition("/")[2].split(":")
        at = {"type": "REST", "service_host": host, "service_port": int(port)}
        served = serve(make.node("far", None, make.node("near"), endpoint=at), classes={"far": None})
    assert served.ask("GET", "/metadata/far").json["name"] == "late"
