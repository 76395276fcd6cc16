"""Clients of streams, one for each transport, that yield each item as it comes."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc.messages import SeldonMessage

JSON = {"Content-Type": "application/json", "Accept": "application/x-ndjson"}
Open = Callable[[Any, str], Iterator[str]]
LOST = "lost"
"""Yielded when the connection breaks in the middle of a response over REST."""


def over_rest(server: Any, text: str) -> Iterator[str]:
    """Yield the texts of a stream, an error as its reason."""
    connection = http.client.HTTPConnection("127.0.0.1", server.ports["rest"], timeout=WAIT_S)
    try:
        connection.request("POST", "/predict", json.dumps({"strData": text}), JSON)
        for line in _lines(connection.getresponse()):
            message = json.loads(line)
            yield message["status"]["reason"] if "status" in message else message["strData"]
    except (OSError, http.client.HTTPException):
        yield LOST
    finally:
        connection.close()


def over_grpc(server: Any, text: str) -> Iterator[str]:
    """Yield the texts of a stream, an error as its status."""
    with grpc.insecure_channel(f"127.0.0.1:{server.ports['grpc']}") as channel:
        call = channel.unary_stream(
            "/seldon.protos.Model/PredictStream", SeldonMessage.SerializeToString, SeldonMessage.FromString
        )(SeldonMessage(strData=text), timeout=WAIT_S)
        try:
            for message in call:
                yield message.strData
        except grpc.RpcError as error:
            yield error.code().name
        finally:
            call.cancel()


def _lines(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield the lines of a body as they come; raise HTTPException when it breaks off, unlike ``readline``."""
    rest = b""
    while part := response.read1():
        *lines, rest = (rest + part).split(b"\n")
        yield from lines
    if rest:
        yield rest
