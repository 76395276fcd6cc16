"""A client of each transport whose calls raise when they fail; its component names its process."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from tests.support.grpc_client import GrpcClient
from tests.support.http_client import JSON_TYPE, HttpClient


class RestCaller:
    """One client with one connection, made anew when the server closes it."""

    def __init__(self, port: int) -> None:
        self._client = HttpClient(port)

    def begin(self, text: str) -> None:
        """Make a call, whose :meth:`answer` can be waited for."""
        self._client.begin("POST", "/predict", json.dumps({"strData": text}).encode(), JSON_TYPE)

    def answer(self) -> tuple[str, str]:
        """Wait for the answer; return its text and the process that gave it."""
        answer = self._client.answer()
        if answer.status != 200:
            raise AssertionError(f"HTTP {answer.status}: {answer.body!r}")
        return answer.json["strData"], answer.json["meta"]["tags"]["process"]

    def __call__(self, text: str) -> tuple[str, str]:
        """Make a call and wait for its answer."""
        self.begin(text)
        return self.answer()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class GrpcCaller:
    """One client with one channel."""

    def __init__(self, port: int) -> None:
        self._client = GrpcClient(port)

    def begin(self, text: str) -> None:
        """Make a call, whose :meth:`answer` can be waited for."""
        self._call = self._client.begin("Model/Predict", SeldonMessage(strData=text))

    def answer(self) -> tuple[str, str]:
        """Wait for the answer; return its text and the process that gave it."""
        return _parsed(self._call.result())

    def __call__(self, text: str) -> tuple[str, str]:
        """Make a call and wait for its answer."""
        return _parsed(self._client.call("Model/Predict", SeldonMessage(strData=text)))

    def close(self) -> None:
        """Close the channel."""
        self._client.close()


def _parsed(answer: Any) -> tuple[str, str]:
    return answer.strData, answer.meta.tags["process"].string_value


CALLERS: dict[str, Callable[[int], Any]] = {"rest": RestCaller, "grpc": GrpcCaller}
"""Makes a client of a port, by the name of the transport."""
