"""Helpers of user classes with ``*_raw`` methods: messages to values, to JSON, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message

from seldon_core.answers import construct_response, construct_response_json
from seldon_core.environment import getenv, getenv_as_bool
from seldon_core.flask_utils import SeldonMicroserviceException
from seldon_runtime.limits import Limits
from seldon_runtime.message import DATA_KINDS, Kind, Payload
from seldon_runtime.message import Message as NeutralMessage
from seldon_runtime.protocols.v1 import decode_message as decode_json
from seldon_runtime_grpc.decoding import decode_feedback, decode_message
from seldon_runtime_grpc.encoding import encode_message
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import DefaultData, Feedback, SeldonMessage, SeldonMessageList

__all__ = [
    "array_to_grpc_datadef",
    "array_to_rest_datadef",
    "construct_response",
    "construct_response_json",
    "extract_feedback_request_parts",
    "extract_request_parts",
    "extract_request_parts_json",
    "feedback_to_json",
    "get_data_from_proto",
    "get_meta_from_proto",
    "getenv",
    "getenv_as_bool",
    "grpc_datadef_to_array",
    "json_to_feedback",
    "json_to_seldon_message",
    "json_to_seldon_messages",
    "seldon_message_to_json",
    "seldon_messages_to_json",
]

T = TypeVar("T", bound=Message)

_LIMITS = Limits()
_KINDS = ("data", "jsonData", "strData", "binData")

Parts = tuple[Any, dict[str, Any], Any, str]
"""Value, meta, the ``data`` it stood in (empty for other kinds), and the name of its kind."""


def get_data_from_proto(request: SeldonMessage) -> Any:
    """The payload: an array for ``data``, else ``str``, ``bytes``, a JSON value or an ``Any``.

    Raises:
        SeldonError: there is none, or it is wrong; answered with 400 when a component lets it pass.
    """
    payload = decode_message(request, _LIMITS).payload
    assert payload is not None  # a request without one is refused
    return payload.value


def get_meta_from_proto(request: SeldonMessage) -> dict[str, Any]:
    """Its meta, as JSON writes it."""
    return _to_json(request.meta)


def extract_request_parts(request: SeldonMessage) -> Parts:
    """Value, meta, ``data`` and kind of a message. Raises as :func:`get_data_from_proto`."""
    value = get_data_from_proto(request)
    return value, get_meta_from_proto(request), request.data, request.WhichOneof("data_oneof") or ""


def extract_request_parts_json(request: Mapping[str, Any]) -> Parts:
    """The same of a request as JSON."""
    payload = decode_json(request, _LIMITS).payload
    assert payload is not None
    kind = next(kind for kind in _KINDS if kind in request)
    return payload.value, dict(request.get("meta") or {}), request.get("data", {}), kind


def extract_feedback_request_parts(request: Feedback) -> tuple[DefaultData, Any, Any, float]:
    """The ``data`` of what was asked, the features and the truth as arrays (empty where there are none), and
    the reward."""
    feedback = decode_feedback(request, _LIMITS)
    features, truth = (
        part.payload.value if part and part.payload and part.payload.kind in DATA_KINDS else np.empty(0)
        for part in (feedback.request, feedback.truth)
    )
    return request.request.data, features, truth, feedback.reward


def grpc_datadef_to_array(datadef: DefaultData) -> np.ndarray[Any, Any]:
    """The array in a ``data``."""
    array: np.ndarray[Any, Any] = get_data_from_proto(SeldonMessage(data=datadef))
    return array


def array_to_grpc_datadef(data_type: str, array: Any, names: Iterable[str] | None = ()) -> DefaultData:
    """A ``data`` with an array.

    Args:
        data_type: ``tensor``, ``ndarray`` or ``tftensor``.
        array: of numbers; for ``ndarray`` of anything that JSON can hold.
        names: of the columns.

    Raises:
        ValueError: ``data_type`` is something else.
    """
    payload = Payload(_kind(data_type), np.asarray(array), list(names or ()))
    return SeldonMessage.FromString(encode_message(NeutralMessage(payload))).data


def array_to_rest_datadef(data_type: str, array: Any, names: Iterable[str] | None = ()) -> dict[str, Any]:
    """The same as JSON. Arguments and errors as of :func:`array_to_grpc_datadef`."""
    array, kind = np.asarray(array), _kind(data_type)
    datadef: dict[str, Any] = {"names": list(names or ())}
    if kind is Kind.TENSOR:
        return {**datadef, "tensor": {"shape": list(array.shape), "values": array.ravel().tolist()}}
    if kind is Kind.NDARRAY:
        return {**datadef, "ndarray": array.tolist()}
    return {**datadef, "tftensor": _to_json(array_to_grpc_datadef(data_type, array).tftensor)}


def json_to_seldon_message(message_json: Mapping[str, Any] | None) -> SeldonMessage:
    """A message from JSON; None gives an empty one.

    Raises:
        SeldonMicroserviceException: it is none.
    """
    return _parsed(message_json or {}, SeldonMessage())


def json_to_seldon_messages(message_json: Mapping[str, Any] | list[Any]) -> SeldonMessageList:
    """The messages of a combiner: ``{"seldonMessages": […]}``, or the list alone."""
    given = {"seldonMessages": message_json} if isinstance(message_json, list) else message_json
    return _parsed(given, SeldonMessageList())


def json_to_feedback(message_json: Mapping[str, Any]) -> Feedback:
    """A feedback from JSON. Raises as :func:`json_to_seldon_message`."""
    return _parsed(message_json, Feedback())


def seldon_message_to_json(message_proto: SeldonMessage) -> dict[str, Any]:
    """A message as JSON writes it."""
    return _to_json(message_proto)


def seldon_messages_to_json(message_protos: SeldonMessageList) -> dict[str, Any]:
    """The messages of a combiner as JSON writes them."""
    return _to_json(message_protos)


def feedback_to_json(message_proto: Feedback) -> dict[str, Any]:
    """A feedback as JSON writes it."""
    return _to_json(message_proto)


def _kind(data_type: str) -> Kind:
    kinds = {kind.value: kind for kind in DATA_KINDS}
    if data_type not in kinds:
        raise ValueError(f"data_type is {data_type!r}, expected {', '.join(sorted(kinds))}")
    return kinds[data_type]


def _parsed(given: Mapping[str, Any], message: T) -> T:
    try:
        return ParseDict(dict(given), message, descriptor_pool=POOL)
    except (ParseError, TypeError, ValueError) as error:
        raise SeldonMicroserviceException(f"no {message.DESCRIPTOR.name}: {error}") from error


def _to_json(message: Message) -> dict[str, Any]:
    return MessageToDict(message, descriptor_pool=POOL)
