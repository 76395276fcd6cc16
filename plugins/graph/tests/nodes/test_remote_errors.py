"""Errors of nodes at other addresses in graphs: the text has name and address, over each protocol."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import pytest

import seldon_runtime
from tests.support.graph_clients import WAYS, feedback_by_grpc, feedback_by_rest


class Elsewhere:
    """A component at another address, which fails as ``fault`` says."""

    def __init__(self, fault):
        self.fault = fault

    def predict(self, X, names=None):
        if self.fault == "raise":
            raise ValueError("no such day")
        return object() if self.fault == "object" else time.sleep(1.0)

    send_feedback = predict


@pytest.fixture
def beside(serve, make):
    """``beside(kind, address, *options)``: a chain whose last node, ``far``, is at an address."""

    def beside(kind, address, *options, classes=()):
        host, port = address.rpartition("/")[2].rsplit(":", 1)
        at = {"type": kind, "service_host": host, "service_port": int(port)}
        graph = make.node("a", None, make.node("far", endpoint=at))
        served = serve(graph, *options, api_type="REST,GRPC", classes={"far": None, **dict(classes)})
        return served.serving, f"the node 'far' at {host}:{port} "

    return beside


@pytest.fixture
def closed_port():
    """A port that is bound, on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def elsewhere():
    """``elsewhere(fault)``: the addresses of a component."""
    with ExitStack() as stack:
        yield (
            lambda fault: (
                stack.enter_context(
                    seldon_runtime.serve(Elsewhere(fault), api_type="REST,GRPC", port=0)
                ).addresses
            )
        )


KINDS = pytest.mark.parametrize("kind", ["REST", "GRPC"])
ASKED = [*WAYS, feedback_by_rest, feedback_by_grpc]


@pytest.mark.parametrize("ask", ASKED)
@KINDS
def test_a_node_elsewhere_that_cannot_be_reached_has_its_name_and_address(beside, closed_port, kind, ask):
    serving, place = beside(kind, f"127.0.0.1:{closed_port}")
    status, text = ask(serving, "a")
    assert status in (503, "UNAVAILABLE")
    assert text.startswith(f"{place}cannot be reached: ")


@KINDS
def test_a_node_elsewhere_that_ends_has_its_name_and_address(beside, serve, make, kind):
    other = serve(make.node("x"), api_type="REST,GRPC")
    serving, place = beside(kind, other.serving.addresses[kind.lower()])
    other.serving.stop()
    for ask in ASKED:
        assert ask(serving, "a")[1].startswith(f"{place}cannot be reached: ")


@KINDS
def test_a_node_elsewhere_that_is_too_slow_has_its_name(beside, elsewhere, kind):
    serving, place = beside(kind, elsewhere("slow")[kind.lower()], "--timeout", "0.2")
    for ask in ASKED:
        status, text = ask(serving, "a")
        assert status in (504, "DEADLINE_EXCEEDED")
        late = "the call was not answered within its time: it was waiting for the node 'far'"
        assert text in (late, f"{place}did not answer within the time of the call")


@KINDS
@pytest.mark.parametrize(
    ("fault", "wanted"), [("raise", "ValueError: no such day"), ("object", "the component")]
)
def test_the_error_that_a_node_elsewhere_answers_with_stays(beside, elsewhere, kind, fault, wanted):
    serving, _ = beside(kind, elsewhere(fault)[kind.lower()])
    for ask in ASKED:
        assert ask(serving, "a")[1].startswith(wanted)


def answer_with(body, status):
    """A handler of HTTP that answers each request alike."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            """Log nothing."""

    return Answers


@pytest.mark.parametrize(
    ("body", "status", "wanted"),
    [
        (b"<html>", 200, "sent a wrong answer: it is not JSON: "),
        (b"7", 200, "sent a wrong answer: it is a number"),
        (b"oops", 500, "answered with status 500"),
        (b"oops", 404, "answered with status 404"),
    ],
)
def test_a_wrong_answer_over_rest_has_name_and_address_of_its_node(beside, body, status, wanted):
    with ThreadingHTTPServer(("127.0.0.1", 0), answer_with(body, status)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            serving, place = beside("REST", f"127.0.0.1:{server.server_port}")
            for ask in ASKED:
                assert ask(serving, "a")[1].startswith(place + wanted)
        finally:
            server.shutdown()


class Wrong(grpc.GenericRpcHandler):
    """Answers each RPC with the same bytes; None to fail without a text."""

    def __init__(self, body):
        self.body = body

    def service(self, handler_call_details):
        def answer(request, context):
            if self.body is None:
                context.abort(grpc.StatusCode.INTERNAL, "")
            return self.body

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"\xff", "sent a wrong answer: it is not a SeldonMessage: "),
        (b"", "sent a wrong answer: it has no payload, expected data"),
        (None, "answered with status INTERNAL"),
        (b"\x22" + b"\x01x" * 2, "sent a wrong answer: "),
    ],
)
def test_a_wrong_answer_over_grpc_has_name_and_address_of_its_node(beside, body, wanted):
    server = grpc.server(ThreadPoolExecutor(2), [Wrong(body)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        serving, place = beside("GRPC", f"127.0.0.1:{port}")
        for ask in ASKED:
            assert ask(serving, "a")[1].startswith(place + wanted)
    finally:
        server.stop(None).wait()


@pytest.mark.parametrize("ask", WAYS)
def test_a_message_that_protobuf_cannot_write_names_the_node_that_does_not_receive_it(beside, elsewhere, ask):
    address = elsewhere("raise")["grpc"]
    serving, place = beside("GRPC", address, classes={"a": "graph_classes.HalfText"})
    status, text = ask(serving, "a")
    assert status in (500, "INTERNAL")
    assert text.startswith(f"{place}cannot receive its message, which cannot be written as protobuf: 'utf-8'")
