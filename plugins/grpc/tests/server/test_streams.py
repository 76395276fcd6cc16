"""RPCs that are streams: each request is a call, answered in order by one message or by several."""

from __future__ import annotations

import itertools
import threading
from queue import SimpleQueue

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from seldon_runtime.plugin import Call, Codec, Kind, Message, Method, Payload, Predictor, SeldonError, Stream
from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime_grpc import transport
from seldon_runtime_grpc.extension import GrpcService, GrpcStream
from seldon_runtime_grpc.server import response_timeout

LARGE = 1_000_000


class TextCodec(Codec):
    name = "acme.chat"

    def read(self, method, wire):
        return Message(Payload(Kind.STR, wire.decode()))

    def write(self, method, answer):
        return answer.payload.value.encode()

    def write_item(self, method, item):
        return b"item " + self.write(method, item)


CODEC = TextCodec()
BEGUN: list[Call] = []


def begin(request, context):
    if request == b"refused":
        raise SeldonError("refused")
    if request == b"faulty":
        raise ValueError("a fault of the plugin")
    if request == b"ping":
        return request
    BEGUN.append(context.call(Method.PREDICT, request, CODEC))
    return BEGUN[-1]


def fail(error, call):
    return f"error {'in the call' if call else 'before'}: {error.message}".encode()


CHAT = GrpcService(
    "acme.Chat", {"Talk": GrpcStream(begin, fail, lambda call: b"end")}, health_names=["a-model"]
)


class Upper:
    def predict(self, X, features_names):
        if X == "wrong":
            raise SeldonError("wrong")
        return "x" * LARGE if X == "large" else X.upper()


class Letters(Stream):
    def __init__(self, text):
        self.letters = iter(text)
        self.closed = threading.Event()

    def next(self):
        letter = next(self.letters, None)
        if letter == "!":
            raise SeldonError("no letter")
        return None if letter is None else Message(Payload(Kind.STR, letter))

    def close(self):
        self.closed.set()


class Spelling(Predictor):
    methods = frozenset({Method.PREDICT})

    def __init__(self):
        self.streams = []

    def predict(self, method, request):
        text = request.payload.value
        self.streams.append(Letters(itertools.repeat("a") if text == "endless" else text))
        return self.streams[-1]


@pytest.fixture
def talk(serve):
    """``talk(user)``: the server, and a function that sends texts and returns the iterator of answers."""
    BEGUN.clear()

    def talk(user, **settings):
        served = serve(user, contributed=[CHAT], **settings)
        rpc = served.channel.stream_stream("/acme.Chat/Talk")
        return served, lambda requests, timeout=WAIT_S: rpc(iter(requests), timeout=timeout)

    return talk


@pytest.mark.parametrize("settings", [{}, {"grpc_threads": 4}], ids=["callbacks", "threads"])
def test_each_request_is_answered_in_order_and_an_error_does_not_end_the_stream(talk, settings):
    _, ask = talk(Upper(), **settings)
    answers = list(ask([b"a", b"wrong", b"ping", b"refused", b"b"]))
    assert answers == [b"A", b"error in the call: wrong", b"ping", b"error before: refused", b"B"]


def test_an_answer_is_sent_before_the_next_request_comes(talk):
    _, ask = talk(Upper())
    requests: SimpleQueue = SimpleQueue()
    answers = ask(iter(requests.get, None))
    for text in (b"a", b"b"):
        requests.put(text)
        assert next(answers) == text.upper()
    requests.put(None)
    assert list(answers) == []


def test_a_component_that_streams_answers_with_several_messages_and_the_end(talk):
    _, ask = talk(Spelling())
    assert list(ask([b"ab", b"c!", b""])) == [
        *(b"item a", b"item b", b"end"),
        *(b"item c", b"error in the call: no letter"),
        b"end",
    ]


def test_a_client_that_leaves_ends_the_stream_of_the_component(talk):
    predictor = Spelling()
    served, ask = talk(predictor)
    answers = ask([b"endless"])
    assert next(answers) == b"item a"
    answers.cancel()
    assert predictor.streams[0].closed.wait(WAIT_S)
    wait_until(lambda: not served.executor.waiting, "the queue to be empty")


def test_a_client_that_leaves_while_its_call_waits_cancels_it(talk, gate):
    served, ask = talk(gate)
    running = served.stub().future(b"\x22\x01a")
    gate.wait_until_entered()
    answers = ask([b"late"])
    wait_until(lambda: served.executor.waiting == 1, "the call to wait")
    answers.cancel()
    wait_until(lambda: BEGUN[-1].cancelled, "the call to be cancelled")
    gate.open.set()
    running.result(WAIT_S)
    assert served.ask().strData == "s"
    assert "late" not in gate.seen


@pytest.mark.parametrize("settings", [{}, {"grpc_threads": 1}], ids=["callbacks", "threads"])
def test_beyond_the_limit_streams_are_refused_and_calls_go_on(talk, settings):
    most = 3
    served, ask = talk(Upper(), grpc_max_streams=most, **settings)
    inputs: list[SimpleQueue] = [SimpleQueue() for _ in range(most)]
    opened = [ask(iter(requests.get, None)) for requests in inputs]
    for requests, answers in zip(inputs, opened, strict=True):
        requests.put(b"a")
        assert next(answers) == b"A"
    for _ in range(2 * most):
        with pytest.raises(grpc.RpcError) as caught:
            next(ask([b"b"]))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert caught.value.details() == (
            "3 streams are open, and no more may be (--grpc-max-streams, SELDON_GRPC_MAX_STREAMS): "
            "try again when one has ended"
        )
    assert served.ask().strData == "S"
    inputs[0].put(None)
    assert list(opened[0]) == []
    wait_until(lambda: list_or_none(ask) == [b"B"], "the place of the stream that has ended")
    for requests, answers in zip(inputs[1:], opened[1:], strict=True):
        requests.put(b"c")
        assert next(answers) == b"C"
        requests.put(None)


def list_or_none(ask):
    """Return the answers of a stream; None for one that is refused."""
    try:
        return list(ask([b"b"]))
    except grpc.RpcError:
        return None


@pytest.mark.parametrize("how", ["cancel", "fault", "end"])
def test_the_place_of_a_stream_that_ends_in_any_way_is_free_again(talk, how):
    _, ask = talk(Upper(), grpc_max_streams=1)
    for _ in range(3):
        requests: SimpleQueue = SimpleQueue()
        answers = ask(iter(requests.get, None))
        requests.put(b"a")
        assert next(answers) == b"A"
        if how == "cancel":
            answers.cancel()
        else:
            requests.put(b"faulty" if how == "fault" else None)
        requests.put(None)
        wait_until(lambda: list_or_none(ask) == [b"B"], "the place to be free")


def test_a_fault_of_the_plugin_ends_the_stream_and_shows_nothing_of_itself(talk, caplog):
    _, ask = talk(Upper())
    answers = ask([b"a", b"faulty"])
    assert next(answers) == b"A"
    with pytest.raises(grpc.RpcError) as caught:
        next(answers)
    assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.INTERNAL, "the runtime failed")
    assert "a fault of the plugin" in caplog.text


def test_a_drain_ends_streams_that_wait_and_answers_accepted_requests(talk, gate):
    served, ask = talk(gate)
    idle = ask(iter(SimpleQueue().get, None))
    requests: SimpleQueue = SimpleQueue()
    busy = ask(iter(requests.get, None))
    requests.put(b"a")
    gate.wait_until_entered()
    served.drain()
    with pytest.raises(grpc.RpcError):
        next(idle)
    gate.open.set()
    assert next(busy) == b"a"
    with pytest.raises(grpc.RpcError) as caught:
        next(busy)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_client_that_does_not_read_a_large_answer_is_cancelled(talk, monkeypatch, caplog):
    monkeypatch.setattr(transport, "_RESPONSE_TIMEOUT_S", 0.3)
    monkeypatch.setattr(response_timeout, "_BYTES_PER_S", 10 * LARGE)
    served, ask = talk(Upper())
    caplog.set_level("DEBUG", response_timeout.__name__)
    answers = ask([b"large"] * 100)
    wait_until(lambda: "does not read its answer" in caplog.text, "the stream to be cancelled")
    with pytest.raises(grpc.RpcError) as caught:
        list(answers)
    assert caught.value.code() is grpc.StatusCode.CANCELLED
    assert served.ask().strData == "S"


def test_the_health_service_answers_for_further_names_of_a_service(talk):
    served, _ = talk(Upper())
    stub = health_pb2_grpc.HealthStub(served.channel)
    answer = stub.Check(health_pb2.HealthCheckRequest(service="a-model"), timeout=WAIT_S)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
