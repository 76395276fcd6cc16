"""The installed plugin in a real process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from seldon_runtime.testing import WAIT_S, Process

UPPER = """
    class Upper:
        def predict(self, X, features_names):
            return X.upper()
"""


@pytest.fixture
def channel(seldon_run: Callable[..., Process]) -> Iterator[grpc.Channel]:
    """A channel to a ``seldon-run`` with the plugin."""
    process = seldon_run("Upper", "GRPC", source=UPPER, env={"SELDON_EXTENSIONS": "my-name"})
    with grpc.insecure_channel(f"127.0.0.1:{process.ports['grpc']}") as channel:
        yield channel


def call(channel: grpc.Channel, method: str, request: bytes) -> str:
    rpc: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/my_name.MyName/{method}")
    return StringValue.FromString(rpc(request, timeout=WAIT_S)).value


def test_the_rpcs_are_served(channel: grpc.Channel) -> None:
    assert call(channel, "Predict", StringValue(value="grün").SerializeToString()) == "GRÜN"
    assert call(channel, "Version", b"") == "0.1.0"


def test_a_malformed_request_is_the_clients_fault(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        call(channel, "Predict", b"\xff")
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
