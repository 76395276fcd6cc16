"""The choice of protocols, by real processes of all transports."""

from __future__ import annotations

import grpc
import pytest

MODEL = """
    class Model:
        def predict(self, X, names):
            return X
"""
V1 = {"data": {"ndarray": [[1.0, 2.0]]}}
V2 = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [2], "data": [1, 2]}]}
INFER = "/v2/models/Model/infer"


def statuses(server):
    paths = {"/predict": V1, INFER: V2}
    answers = [server.post(path, body).status for path, body in paths.items()]
    return [*answers, server.get("/metadata").status, server.get("/health/ready").status]


@pytest.mark.parametrize(
    ("protocols", "wanted"),
    [
        ("", [200, 200, 200, 200]),
        ("v1", [200, 404, 200, 200]),
        ("v2", [404, 200, 404, 200]),
        ("V2, v1", [200] * 4),
    ],
)
def test_only_the_chosen_protocols_are_served(seldon_run, protocols, wanted):
    server = seldon_run("Model", "REST", source=MODEL, env={"SELDON_PROTOCOLS": protocols})
    assert statuses(server) == wanted
    paths = server.get("/seldon.json").json["paths"]
    assert ["/predict" in paths, INFER in paths, "/metadata" in paths] == [
        status == 200 for status in wanted[:3]
    ]
    home = server.get("/").text
    assert ["/predict" in home, 'href="metadata"' in home] == [wanted[0] == 200, wanted[2] == 200]


def test_grpc_has_no_v1_services_where_v1_is_not_chosen(seldon_run):
    server = seldon_run("Model", "GRPC", "--protocols", "v2", source=MODEL)
    with server.grpc_client() as client, pytest.raises(grpc.RpcError) as error:
        client.channel.unary_unary("/seldon.protos.Model/Predict")(b"")
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_class_with_infer_alone_answers_both_protocols(seldon_run):
    source = """
        class AddSub:
            def infer(self, inputs):
                return {"sum": inputs["a"] + inputs["b"], "diff": inputs["a"] - inputs["b"]}
    """
    server = seldon_run("AddSub", "REST", source=source)
    tensors = [{"name": name, "datatype": "INT32", "shape": [1], "data": [5]} for name in "ab"]
    outputs = server.post("/v2/models/AddSub/infer", {"inputs": tensors}).json["outputs"]
    assert {output["name"]: output["data"] for output in outputs} == {"sum": [10], "diff": [0]}
    answer = server.post("/predict", {"data": {"names": ["b", "a"], "ndarray": [[1, 5]]}})
    assert answer.json["jsonData"] == {"sum": [6], "diff": [4]}
    assert "defines no" not in server.log


def test_seldon_run_plugins_says_why_a_protocol_is_selected(seldon_run):
    listed = seldon_run("plugins", env={"SELDON_PROTOCOLS": ""}, wait=False)
    assert listed.wait() == 0
    (line,) = [line for line in listed.log.splitlines() if "seldon-runtime-v2" in line]
    assert line.split()[:2] == ["protocol", "v2"]
    assert "default of SELDON_PROTOCOLS" in line
