"""The times of the nodes in an answer."""

from __future__ import annotations

import json

from seldon_runtime_grpc.protos import prediction_pb2 as pb
from tests.support.grpc_client import GrpcClient


def test_the_times_of_the_nodes_are_told_when_the_setting_allows_it(serve, make):
    graph = make.node("c", "COMBINER", make.node("a"), make.node("b"))
    served = serve(graph, "--graph-trace")
    steps = served.predict(X_Seldon_Trace="1").json["meta"]["tags"]["seldon-trace"]
    assert sorted((step["node"], step["method"]) for step in steps) == [
        ("a", "predict"),
        ("b", "predict"),
        ("c", "aggregate"),
    ]
    assert all(step["ms"] >= 0 for step in steps)
    assert "tags" not in served.predict().json["meta"]
    assert "tags" not in serve(graph).predict(X_Seldon_Trace="1").json["meta"]


def test_grpc_and_v2_tell_the_times_too(serve, make):
    graph = make.node("a", None, make.node("b", parameters={"wait_s": 0.02}))
    served = serve(graph, "--graph-trace", api_type="REST,GRPC")
    request = pb.SeldonMessage()
    request.data.ndarray.values.add().list_value.values.add().number_value = 1.0
    with GrpcClient(int(served.serving.addresses["grpc"].rpartition(":")[2])) as client:
        answer = client.call("Seldon/Predict", request, [("x-seldon-trace", "1")])
        assert "seldon-trace" not in client.call("Seldon/Predict", request).meta.tags
    first, second = (each.struct_value for each in answer.meta.tags["seldon-trace"].list_value.values)
    assert (first["node"], second["node"], second["method"]) == ("a", "b", "predict")
    assert second["ms"] >= 20

    tensor = {"name": "x", "datatype": "FP64", "shape": [1, 1], "data": [1.0]}
    by_v2 = served.ask("POST", "/v2/models/a/infer", {"inputs": [tensor]}, X_Seldon_Trace="1").json
    assert "seldon-trace" in json.dumps(by_v2)


def test_a_failing_node_is_told_with_a_trace_too(serve, make):
    graph = make.node("c", "COMBINER", make.node("a", parameters={"fail": "predict"}), make.node("b"))
    assert serve(graph, "--graph-trace").predict(X_Seldon_Trace="1").status == 500
