"""Nodes at other addresses: over REST and gRPC, alive, slow, gone."""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import ExitStack, suppress

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
from seldon_runtime.testing import WAIT_S, Background, wait_until
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
def closing():
    """``closing(node)``: close a node after the test."""
    with ExitStack() as stack:
        yield lambda node: stack.callback(node.close)


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


@pytest.mark.parametrize("kind", [RestNode, GrpcNode])
def test_a_node_that_does_not_answer_ends_at_the_limit(kind, listener):
    address, _ = listener(lambda connection, count: None)
    made = kind(address, Limits(timeout_s=0.3))
    with pytest.raises(SeldonError, match="did not answer within") as raised:
        made.answer(Method.PREDICT, message())
    assert raised.value.code is ErrorCode.DEADLINE_EXCEEDED
    made.close()


def read_request(connection):
    """Return a whole request: closing a connection with bytes that nobody read resets it."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)^content-length: (\d+)", head, re.M)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head


def answer_with(connection, body, status="200 OK"):
    connection.sendall(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body))


def test_metadata_that_are_no_json_are_as_if_there_were_none(listener, closing, caplog):
    def act(connection, count):
        read_request(connection)
        answer_with(connection, b"{")

    made = RestNode(listener(act)[0], Limits())
    closing(made)
    assert made.metadata() == {}
    assert "has no metadata" in caplog.text


def test_a_prediction_is_repeated_after_a_lost_connection_and_a_feedback_is_not(listener, closing):
    def act(connection, count):
        read_request(connection)
        if count in (1, 3):
            connection.close()
        else:
            answer_with(connection, b'{"strData":"again"}')

    address, accepted = listener(act)
    made = RestNode(address, Limits())
    closing(made)
    assert made.answer(Method.PREDICT, message()).payload.value == "again"
    with pytest.raises(SeldonError, match="cannot be reached"):
        made.answer(Method.SEND_FEEDBACK, Feedback(reward=1.0))
    assert len(accepted) == 3


def test_an_answer_that_is_cut_off_is_a_lost_connection(listener, closing):
    def act(connection, count):
        read_request(connection)
        if count < 3:
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"strData":"lost"}')
            connection.close()
        else:
            answer_with(connection, b'{"strData":"again"}')

    address, accepted = listener(act)
    made = RestNode(address, Limits())
    closing(made)
    with pytest.raises(SeldonError, match="cannot be reached: the connection was closed in the middle of"):
        made.answer(Method.SEND_FEEDBACK, Feedback(reward=1.0))
    assert made.answer(Method.PREDICT, message()).payload.value == "again"
    assert len(accepted) == 3


def test_connections_that_a_restart_of_the_node_closed_are_not_tried_one_by_one(listener, closing):
    together = threading.Barrier(6)

    def act(connection, count):
        def answer():
            read_request(connection)
            if count <= 5:
                together.wait(WAIT_S)
            answer_with(connection, b'{"strData":"here"}')

        threading.Thread(target=answer, daemon=True).start()

    address, accepted = listener(act)
    made = RestNode(address, Limits())
    closing(made)
    calls = [Background(lambda: made.answer(Method.PREDICT, message())) for _ in range(5)]
    wait_until(lambda: len(accepted) == 5, "all calls to be sent")
    together.wait(WAIT_S)
    assert [call.outcome.payload.value for call in calls] == ["here"] * 5
    for connection in accepted[:5]:
        connection.shutdown(socket.SHUT_RDWR)
    assert made.answer(Method.PREDICT, message()).payload.value == "here"
    assert len(accepted) == 6


def test_bytes_behind_an_answer_are_not_the_next_answer(listener, closing):
    def act(connection, count):
        def answer():
            read_request(connection)
            answer_with(connection, b'{"strData":"mine"}')
            wait_until(lambda: read.is_set(), "the answer to be read")
            answer_with(connection, b'{"strData":"of nobody"}')
            sent.set()

        threading.Thread(target=answer, daemon=True).start()

    read, sent = threading.Event(), threading.Event()
    made = RestNode(listener(act)[0], Limits())
    closing(made)
    assert made.answer(Method.PREDICT, message()).payload.value == "mine"
    read.set()
    assert sent.wait(WAIT_S)
    assert made.answer(Method.PREDICT, message()).payload.value == "mine"


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_a_node_whose_answer_comes_byte_by_byte_ends_at_the_limit(listener, closing, begin):
    ended = threading.Event()

    def act(connection, count):
        def drip():
            read_request(connection)
            connection.sendall(begin)
            while not ended.wait(0.02):
                with suppress(OSError):
                    connection.sendall(b" ")

        threading.Thread(target=drip, daemon=True).start()

    made = RestNode(listener(act)[0], Limits(timeout_s=0.3))
    closing(made)
    began = time.monotonic()
    try:
        with pytest.raises(SeldonError, match="did not answer within") as raised:
            made.answer(Method.PREDICT, message())
    finally:
        ended.set()
    assert raised.value.code is ErrorCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < WAIT_S / 2


@pytest.mark.parametrize("rubbish", [b"\0\1\2\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/7 200 OK\r\n\r\n"])
def test_an_answer_that_is_not_http_is_the_nodes_fault(listener, closing, rubbish):
    def act(connection, count):
        read_request(connection)
        connection.sendall(rubbish)
        connection.close()

    address, accepted = listener(act)
    made = RestNode(address, Limits())
    closing(made)
    with pytest.raises(SeldonError, match=r"the node at .* sent a wrong answer: it is not HTTP") as raised:
        made.answer(Method.PREDICT, message())
    assert raised.value.code is ErrorCode.COMPONENT_FAILED
    assert len(accepted) == 1


@pytest.mark.parametrize(
    ("body", "status", "wanted"),
    [
        (b'{"status":{"info":null,"reason":{}}}', "500 Oops", "answered with status 500"),
        (b"<html>", "200 OK", "sent a wrong answer: it is not JSON"),
        (b"7", "200 OK", "sent a wrong answer: it is a number"),
        (b'{"data":{"ndarray":[[1],[2,3]]}}', "200 OK", "sent a wrong answer: .* ragged"),
        (b"x" * 4096, "200 OK", "sent a wrong answer: it has 1001 bytes or more, at most 1000"),
        (b"oops", "502 Bad Gateway", "answered with status 502"),
        (b'{"status":7}', "301 Moved", "answered with status 301"),
    ],
)
def test_an_answer_that_is_none_is_the_nodes_fault(listener, closing, body, status, wanted):
    def act(connection, count):
        read_request(connection)
        answer_with(connection, body, status)

    made = RestNode(listener(act)[0], Limits(max_body_bytes=1000))
    closing(made)
    with pytest.raises(SeldonError, match=f"the node at .* {wanted}") as raised:
        made.answer(Method.PREDICT, message())
    assert raised.value.code is ErrorCode.COMPONENT_FAILED


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
