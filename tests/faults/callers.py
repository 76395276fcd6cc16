"""One client of each transport; its calls raise when they fail."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any

import grpc

from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

_LOCAL = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
_JSON = {"Content-Type": "application/json"}


class RestCaller:
    """One client with one connection, made anew when the server closes it."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)

    def begin(self, text: str) -> None:
        """Make a call, whose :meth:`answer` can be waited for."""
        self._http.request("POST", "/predict", json.dumps({"strData": text}), _JSON)

    def answer(self) -> tuple[str, str]:
        """What came back: the text, and the process that answered."""
        response = self._http.getresponse()
        body = response.read()
        if response.status != 200:
            raise AssertionError(f"HTTP {response.status}: {body!r}")
        answer = json.loads(body)
        return answer["strData"], answer["meta"]["tags"]["process"]

    def __call__(self, text: str) -> tuple[str, str]:
        """Make a call and wait for what comes back."""
        self.begin(text)
        return self.answer()

    def close(self) -> None:
        self._http.close()


class GrpcCaller:
    """One client with one channel."""

    def __init__(self, port: int) -> None:
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_LOCAL)
        self._predict = self._channel.unary_unary(
            "/seldon.protos.Model/Predict", SeldonMessage.SerializeToString, SeldonMessage.FromString
        )

    def begin(self, text: str) -> None:
        """Make a call, whose :meth:`answer` can be waited for."""
        self._call = self._predict.future(SeldonMessage(strData=text), timeout=WAIT_S)

    def answer(self) -> tuple[str, str]:
        """What came back: the text, and the process that answered."""
        return _told(self._call.result())

    def __call__(self, text: str) -> tuple[str, str]:
        """Make a call and wait for what comes back."""
        return _told(self._predict(SeldonMessage(strData=text), timeout=WAIT_S))

    def close(self) -> None:
        self._channel.close()


def _told(answer: Any) -> tuple[str, str]:
    return answer.strData, answer.meta.tags["process"].string_value


CALLERS: dict[str, Callable[[int], Any]] = {"rest": RestCaller, "grpc": GrpcCaller}
"""Of a transport: makes a client of a port."""
