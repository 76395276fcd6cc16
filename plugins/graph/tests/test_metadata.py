"""The metadata and the health of a graph and of its nodes, over REST and gRPC."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict

from seldon_runtime.plugin import ErrorCode, Interceptor, SeldonError
from seldon_runtime_grpc.messages import POOL
from seldon_runtime_grpc.protos import prediction_pb2 as pb
from tests.support.grpc_client import GrpcClient


def test_the_metadata_of_a_graph_have_every_member_that_the_document_of_rest_promises(serve, make):
    served = serve(make.node("a", "TRANSFORMER", make.node("b")))
    schemas = served.ask("GET", "/seldon.json").json["components"]["schemas"]
    assert set(schemas["Metadata"]["required"]) <= set(served.ask("GET", "/metadata").json)


def test_metadata_and_status_of_the_graph_and_of_each_node(serve, make):
    graph = make.node("a", None, make.node("b", parameters={"fail": "health"}), make.node("s"))
    graph["children"][1]["implementation"] = "SIMPLE_ROUTER"
    graph["children"][1]["children"] = [make.node("d")]
    served = serve(graph)
    whole = served.ask("GET", "/api/v1.0/metadata").json
    assert whole["name"] == "main"
    assert set(whole["models"]) == {"a", "b", "d"}
    assert served.ask("GET", "/api/v1.0/metadata/b").json["name"] == "unit"
    assert served.ask("GET", "/metadata/nobody").status == 404
    assert served.ask("GET", "/api/v1.0/status/a").json["strData"] == "well"
    assert served.ask("GET", "/api/v1.0/status/s").json["strData"] == "healthy"
    sick = served.ask("GET", "/api/v1.0/status/b")
    assert (sick.status, sick.json["status"]["info"]) == (500, "not well")
    assert served.ask("GET", "/api/v1.0/status/nobody").status == 404
    health = served.ask("GET", "/api/v1.0/health/status")
    assert health.status == 503
    assert "'b'" in health.json["status"]["info"]


def test_grpc_tells_the_metadata_of_the_graph_and_of_each_node_as_rest_does(serve, make):
    graph = make.node("a", None, make.node("s", None, make.node("b"), implementation="SIMPLE_ROUTER"))
    described = dict.fromkeys("ab", "graph_classes.Described") | {"s": None}
    served = serve(graph, classes=described, api_type="REST,GRPC")
    client = GrpcClient(int(served.serving.addresses["grpc"].rpartition(":")[2]))

    def told(method, request, kind):
        answer = client.call_raw(f"seldon.protos.Seldon/{method}", request.SerializeToString())
        return MessageToDict(kind.FromString(answer), descriptor_pool=POOL)

    try:
        whole = served.ask("GET", "/api/v1.0/metadata").json
        by_grpc = told("GraphMetadata", Empty(), pb.SeldonGraphMetadata)
        assert set(by_grpc) == {"name", "models", "inputs", "outputs"}
        assert by_grpc["name"] == whole["name"] == "main"
        assert (
            by_grpc["inputs"]
            == whole["graphinputs"]
            == [{"messagetype": "array", "schema": {"shape": [2.0]}}]
        )
        assert by_grpc["outputs"] == whole["graphoutputs"]
        assert set(by_grpc["models"]) == {"a", "b"}
        for name in ("a", "b", "s"):
            document = told("ModelMetadata", pb.SeldonModelMetadataRequest(name=name), pb.SeldonModelMetadata)
            by_rest = served.ask("GET", f"/api/v1.0/metadata/{name}").json
            assert document == {key: value for key, value in by_rest.items() if value}
            assert document == by_grpc["models"].get(name, {})
        no_name = told("ModelMetadata", pb.SeldonModelMetadataRequest(), pb.SeldonModelMetadata)
        assert (no_name["name"], no_name["platform"]) == ("main", "seldon-graph")
        wrong = (
            (b"\x0a\x06nobody", "NOT_FOUND"),
            (b"\x0a", "INVALID_ARGUMENT"),
            (b"\x0a\x01\xff", "INVALID_ARGUMENT"),
        )
        for request, code in wrong:
            with pytest.raises(grpc.RpcError) as raised:
                client.call_raw("seldon.protos.Seldon/ModelMetadata", request)
            assert raised.value.code().name == code
    finally:
        client.close()


def test_metadata_and_health_of_a_node_pass_the_interceptors_as_calls(serve, make):
    refused = []

    class Guards(Interceptor):
        def admit(self, call):
            refused.append((call.method, call.wire))
            raise SeldonError("no key", code=ErrorCode.UNAUTHENTICATED)

    served = serve(make.node("a", None, make.node("b")), api_type="REST,GRPC")
    served.service.attach([], [Guards()])
    for path in ("/api/v1.0/metadata/b", "/metadata/b", "/api/v1.0/status/b", "/api/v1.0/metadata"):
        assert served.ask("GET", path).status == 401
    with GrpcClient(int(served.serving.addresses["grpc"].rpartition(":")[2])) as client:
        for name in ("ModelMetadata", "GraphMetadata"):
            with pytest.raises(grpc.RpcError) as raised:
                client.call_raw(f"seldon.protos.Seldon/{name}", b"\x0a\x01b")
            assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert [wire for _, wire in refused] == ["b", "b", "b", None, "b", b""]
