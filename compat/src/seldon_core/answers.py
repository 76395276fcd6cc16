"""Whole answers, for ``*_raw`` methods that want what an ordinary method's result would have become."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from seldon_runtime import Response
from seldon_runtime.annotations import Annotations
from seldon_runtime.identity import Identity
from seldon_runtime.limits import Limits
from seldon_runtime.message import Message, Method
from seldon_runtime.protocols import v1
from seldon_runtime.protocols.v1_codec import plain_dumps
from seldon_runtime.reply import pack
from seldon_runtime.user_object import UserObject
from seldon_runtime_grpc.decoding import decode_message
from seldon_runtime_grpc.encoding import encode_message
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

_LIMITS = Limits()


def construct_response(
    user_model: object,
    is_request: bool,
    client_request: SeldonMessage,
    client_raw_response: Any,
    meta: Mapping[str, Any] | None = None,
) -> SeldonMessage:
    """The answer to a message, with the names, tags and metrics of the component.

    Args:
        user_model: the component.
        is_request: whether it goes on to a model; columns are named alike in both cases.
        client_request: what is answered; its kind of array is that of the answer.
        client_raw_response: what an ordinary method returns, also a ``SeldonResponse``.
        meta: in the place of the message's own.

    Raises:
        SeldonError: the message has no payload, or the response cannot be answered.
    """
    request = decode_message(client_request, _LIMITS)
    return SeldonMessage.FromString(encode_message(_answer(user_model, request, client_raw_response, meta)))


def construct_response_json(
    user_model: object,
    is_request: bool,
    client_request_raw: Mapping[str, Any],
    client_raw_response: Any,
    meta: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The same of a message as JSON. Arguments and errors as of :func:`construct_response`."""
    request = v1.decode_message(client_request_raw, _LIMITS)
    answer = v1.encode_message(_answer(user_model, request, client_raw_response, meta))
    written: dict[str, Any] = json.loads(plain_dumps(answer))
    return written


def _answer(user: object, request: Message, result: Any, meta: Mapping[str, Any] | None) -> Message:
    assert request.payload is not None  # a request without one is refused
    unit, image = (os.environ.get(f"PREDICTIVE_UNIT_{name}") for name in ("ID", "IMAGE"))
    annotations = Annotations(UserObject(user), Identity(unit, image), show_metrics=True)
    response = result if isinstance(result, Response) else None
    asked = request.meta if meta is None else v1.decode_meta(meta)[0]
    packed = pack(
        response.data if response else result, request.payload.kind, lambda: annotations.names(Method.PREDICT)
    )
    return Message(packed, annotations.meta(Method.PREDICT, [asked], response)[0])
