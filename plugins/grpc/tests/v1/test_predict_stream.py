"""``PredictStream``: the items of a generator over gRPC, our addition to the protocol."""

from __future__ import annotations

import asyncio
import threading

import grpc
import pytest

from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime.testing.components import Yields
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage


class Awaits(Yields):
    async def predict(self, X, features_names):
        try:
            for character in X:
                await asyncio.sleep(10 * WAIT_S if character == "_" else 0)
                self.made += 1
                yield character
        finally:
            self.closed += 1


@pytest.fixture
def stream(serve_by):
    channels = []

    def stream(user, text, name="Model/PredictStream", **options):
        served = serve_by("grpc", user)
        channel = grpc.insecure_channel(served.address.removeprefix("grpc://"))
        channels.append(channel)
        call = channel.unary_stream(
            f"/seldon.protos.{name}", SeldonMessage.SerializeToString, SeldonMessage.FromString
        )
        return call(SeldonMessage(strData=text), timeout=options.get("timeout", WAIT_S)), served

    yield stream
    for channel in channels:
        channel.close()


@pytest.mark.parametrize("kind", [Yields, Awaits])
def test_each_item_is_a_message(stream, kind):
    user = kind()
    items, _ = stream(user, "abc")
    assert [item.strData for item in items] == ["a", "b", "c"]
    wait_until(lambda: user.closed == 1, "the generator to end")


def test_a_method_that_returns_answers_with_one_message(stream):
    items, _ = stream(Yields(), "once", "Transformer/TransformInputStream")
    assert [item.strData for item in items] == ["once"]


def test_an_error_is_the_status_of_the_rpc(stream):
    items, _ = stream(Yields(), "a!")
    assert next(items).strData == "a"
    with pytest.raises(grpc.RpcError) as caught:
        next(items)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "no more" in caught.value.details()


@pytest.mark.parametrize(("kind", "text"), [(Yields, "*"), (Awaits, "a_")])
def test_a_client_that_cancels_closes_the_generator(stream, kind, text):
    user = kind()
    items, _ = stream(user, text)
    next(items)
    items.cancel()
    wait_until(lambda: user.closed == 1, "the generator to be closed")


def test_a_client_that_reads_nothing_holds_no_other_call(stream):
    user = Yields()
    items, served = stream(user, "*")
    next(items)
    channel = grpc.insecure_channel(served.address.removeprefix("grpc://"))
    ask = channel.unary_unary(
        "/seldon.protos.Transformer/TransformInput",
        SeldonMessage.SerializeToString,
        SeldonMessage.FromString,
    )
    made = -1
    while made != user.made:
        made = user.made
        assert ask(SeldonMessage(strData="x"), timeout=WAIT_S).strData == "x"
    assert made < 2000
    channel.close()
    items.cancel()
    wait_until(lambda: user.closed == 1, "the generator to be closed")


def test_the_deadline_counts_for_the_whole_stream(stream):
    user = Awaits()
    items, _ = stream(user, "a_", timeout=1.0)
    assert next(items).strData == "a"
    with pytest.raises(grpc.RpcError) as caught:
        next(items)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    wait_until(lambda: user.closed == 1, "the generator to be closed")


def test_a_drain_finishes_an_open_stream(stream):
    user = Yields()
    items, served = stream(user, "a_b")
    assert next(items).strData == "a"
    served.drain()
    stopping = threading.Thread(target=served.stop_transports, args=(WAIT_S,))
    stopping.start()
    user.gate.set()
    assert [item.strData for item in items] == ["_", "b"]
    stopping.join(WAIT_S)
    assert not stopping.is_alive()
