"""Nodes at other addresses: over REST and gRPC, alive, slow, gone."""

from __future__ import annotations

import socket
import threading

import numpy as np
import pytest

import seldon_runtime
from seldon_runtime.plugin import (
    ARRAYS,
    TENSOR,
    ErrorCode,
    Feedback,
    Limits,
    Message,
    Meta,
    Method,
    Payload,
    SeldonError,
    StartupError,
    environment_settings,
)
from seldon_runtime_graph.nodes.remote import remote_node
from seldon_runtime_graph.nodes.remote_grpc import GrpcNode
from seldon_runtime_graph.nodes.remote_rest import RestNode


class Elsewhere:
    def predict(self, X, names):
        if float(np.sum(X)) < 0:
            raise seldon_runtime.SeldonError("not negative", status_code=422, reason="NEGATIVE")
        return X * 2

    transform_input = transform_output = predict

    def route(self, X, names):
        return 1

    def aggregate(self, Xs, names):
        return sum(Xs)

    def send_feedback(self, X, names, reward, truth, routing=None):
        return [[reward]]

    def init_metadata(self):
        tensor = {"name": "x", "datatype": "FP64", "shape": [-1, 2]}
        return {"name": "elsewhere", "versions": ["2"], "inputs": [tensor]}


@pytest.fixture(scope="module")
def addresses():
    with seldon_runtime.serve(Elsewhere(), api_type="REST,GRPC", port=0) as serving:
        yield {name: address.rpartition("/")[2] for name, address in serving.addresses.items()}


@pytest.fixture(params=[("rest", RestNode), ("grpc", GrpcNode)], ids=["rest", "grpc"])
def node(request, addresses):
    name, kind = request.param
    made = kind(addresses[name], Limits())
    yield made
    made.close()


def message(number=1.0, **meta):
    return Message(Payload(TENSOR, np.array([[number]]), ["x"]), Meta(**meta))


def test_named_arrays_of_other_protocols_are_sent_as_one(node):
    alone = Message(Payload(ARRAYS, {"x": np.array([[3.0]])}))
    assert node.answer(Method.PREDICT, alone).payload.value.tolist() == [[6.0]]
    columns = Message(Payload(ARRAYS, {"x": np.array([1.0]), "y": np.array([2.0])}))
    assert node.answer(Method.AGGREGATE, [alone, columns]).payload.value.tolist() == [[4.0, 5.0]]
    feedback = Feedback(alone, None, 0.5, alone)
    assert node.answer(Method.SEND_FEEDBACK, feedback).payload.value.tolist() == [[0.5]]


def test_metadata_over_grpc_that_are_no_message_are_as_if_there_were_none(addresses, monkeypatch, caplog):
    node = GrpcNode(addresses["grpc"], Limits())
    monkeypatch.setattr(node, "_result", lambda *arguments: b"\xff")
    assert node.metadata() == {}
    assert "sent a wrong answer: it is not a SeldonModelMetadata" in caplog.text
    node.close()


@pytest.mark.parametrize("method", [Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT])
def test_a_message_is_answered(node, method):
    answer = node.answer(method, message(3.0, tags={"a": 1}))
    assert answer.payload.value.tolist() == [[6.0]]
    assert answer.meta.tags["a"] == 1


def test_routes_combinations_feedback_health_and_metadata_are_answered(node):
    assert node.answer(Method.ROUTE, message()).payload.value.ravel()[0] == 1
    assert node.answer(Method.AGGREGATE, [message(1.0), message(2.0)]).payload.value.tolist() == [[3.0]]
    feedback = Feedback(message(), Message(None, Meta(routing={"r": 1})), 0.5, message())
    assert node.predict(Method.SEND_FEEDBACK, feedback).payload.value.tolist() == [[0.5]]
    assert node.answer(Method.HEALTH_STATUS, None).payload.value == "healthy"
    assert node.metadata() == {
        "name": "elsewhere",
        "versions": ["2"],
        "platform": "",
        "inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, 2]}],
        "outputs": [],
        "custom": {},
    }
    assert Method.PREDICT in node.methods


def test_the_nodes_own_error_passes(node):
    with pytest.raises(SeldonError, match="not negative") as raised:
        node.answer(Method.PREDICT, message(-1.0))
    if isinstance(node, RestNode):
        assert (raised.value.status_code, raised.value.reason) == (422, "NEGATIVE")


def test_calls_of_several_threads_run_side_by_side(node):
    found = []
    threads = [
        threading.Thread(target=lambda i=i: found.append(node.answer(Method.PREDICT, message(float(i)))))
        for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(float(each.payload.value[0][0]) for each in found) == [2.0 * i for i in range(8)]


@pytest.fixture
def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]  # bound, and nobody listens


@pytest.mark.parametrize("kind", [RestNode, GrpcNode])
def test_a_node_that_is_not_there_is_unavailable_after_repetitions(kind, closed_port, caplog):
    made = kind(f"127.0.0.1:{closed_port}", Limits())
    for method, request in ((Method.PREDICT, message()), (Method.SEND_FEEDBACK, Feedback(reward=1.0))):
        with pytest.raises(SeldonError, match=f"{closed_port} cannot be reached") as raised:
            made.answer(method, request)
        assert raised.value.code is ErrorCode.UNAVAILABLE
    assert made.metadata() == {}
    assert "has no metadata" in caplog.text
    made.close()


@pytest.mark.parametrize("kind", [RestNode, GrpcNode])
def test_a_node_that_does_not_answer_ends_at_the_limit(kind, listener):
    address, _ = listener(lambda connection, count: None)
    made = kind(address, Limits(timeout_s=0.3))
    with pytest.raises(SeldonError, match="did not answer within") as raised:
        made.answer(Method.PREDICT, message())
    assert raised.value.code is ErrorCode.DEADLINE_EXCEEDED
    made.close()


def test_an_answer_over_grpc_that_is_too_large_is_the_nodes_fault(addresses, closing):
    made = GrpcNode(addresses["grpc"], Limits(max_body_bytes=10))
    closing(made)
    with pytest.raises(SeldonError, match=r"the node at .* sent a wrong answer: .*larger than max") as raised:
        made.answer(Method.PREDICT, message())
    assert raised.value.code is ErrorCode.COMPONENT_FAILED


def test_other_references_are_not_remote(monkeypatch):
    settings = environment_settings()
    assert remote_node("pkg.Class", settings) is None
    assert remote_node("s3://bucket/rest-node", settings) is None
    assert isinstance(remote_node("rest-node://h:1", settings), RestNode)
    monkeypatch.setitem(__import__("sys").modules, "seldon_runtime_graph.nodes.remote_grpc", None)
    with pytest.raises(StartupError, match=r"pip install 'seldon-runtime\[grpc\]'"):
        remote_node("grpc-node://h:1", settings)
