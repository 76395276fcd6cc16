"""Complete answers for ``*_raw`` methods, with the meta that an ordinary method's result would get."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict

from seldon_core.proto.prediction_pb2 import SeldonMessage
from seldon_runtime import Response
from seldon_runtime.plugin import DATA_KINDS, Identity, Kind, Message, Payload, answer_of
from seldon_runtime.protocols.v1 import message as v1
from seldon_runtime.protocols.v1.codec import plain_dumps
from seldon_runtime_grpc.messages import encode_message

Metrics = Sequence[Mapping[str, Any]]


def construct_response(
    user_model: object,
    is_request: bool,
    client_request: SeldonMessage,
    client_raw_response: Any,
    meta: Mapping[str, Any] | None = None,
    custom_metrics: Metrics | None = None,
    runtime_tags: Mapping[str, Any] | None = None,
) -> SeldonMessage:
    """Return the answer to a message, with the component's names, tags and metrics.

    Args:
        user_model: the component.
        is_request: accepted for compatibility; columns have the same names in both directions.
        client_request: the request; the answer has its kind of array, if it has one.
        client_raw_response: the result of an ordinary method, or a ``SeldonResponse``.
        meta: replaces the meta of the request.
        custom_metrics: further metrics of this call.
        runtime_tags: further tags of this call.

    Raises:
        SeldonError: the result has an unsupported type.
    """
    kind = client_request.data.WhichOneof("data_oneof") if client_request.HasField("data") else None
    own = MessageToDict(client_request.meta) if meta is None else meta
    result = _response(client_raw_response, custom_metrics, runtime_tags)
    return SeldonMessage.FromString(encode_message(_answer(user_model, kind, own, result)))


def construct_response_json(
    user_model: object,
    is_request: bool,
    client_request_raw: Mapping[str, Any],
    client_raw_response: Any,
    meta: Mapping[str, Any] | None = None,
    custom_metrics: Metrics | None = None,
    runtime_tags: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the answer to a JSON message. Arguments and errors are those of :func:`construct_response`."""
    data = client_request_raw.get("data")
    kinds = [kind.value for kind in DATA_KINDS if isinstance(data, Mapping) and kind.value in data]
    own = client_request_raw.get("meta") if meta is None else meta
    result = _response(client_raw_response, custom_metrics, runtime_tags)
    answer = _answer(user_model, kinds[0] if kinds else None, own, result)
    written: dict[str, Any] = json.loads(plain_dumps(v1.encode_message(answer)))
    return written


def _response(result: Any, metrics: Metrics | None, tags: Mapping[str, Any] | None) -> Any:
    if not metrics and not tags:
        return result
    given = result if isinstance(result, Response) else Response(result)
    return Response(
        given.data, {**(given.tags or {}), **(tags or {})}, [*(given.metrics or ()), *(metrics or ())]
    )


def _answer(user: object, kind: str | None, meta: Mapping[str, Any] | None, result: Any) -> Message:
    unit, image = (os.environ.get(f"PREDICTIVE_UNIT_{name}") for name in ("ID", "IMAGE"))
    payload = None if kind is None else Payload(Kind(kind), None)
    request = Message(payload, v1.decode_meta(meta)[0])
    return answer_of(user, request, result, Identity(unit, image))
