"""Conversions for user classes with ``*_raw`` methods: messages to values, to JSON, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, TypeVar

import numpy as np
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import ListValue

from seldon_core.components.answers import construct_response, construct_response_json
from seldon_core.env_utils import get_request_path, getenv, getenv_as_bool
from seldon_core.flask_utils import SeldonMicroserviceException
from seldon_core.proto.prediction_pb2 import (
    DefaultData,
    Feedback,
    SeldonMessage,
    SeldonMessageList,
    SeldonModelMetadata,
)
from seldon_runtime.plugin import DATA_KINDS, Kind, Limits, Payload
from seldon_runtime.plugin import Message as NeutralMessage
from seldon_runtime.protocols.arrays import numpy_inferred
from seldon_runtime.protocols.v1.message import decode_message as decode_json
from seldon_runtime_grpc import messages as private
from seldon_runtime_grpc.messages import decode_feedback, decode_message, encode_message

__all__ = [
    "array_to_grpc_datadef",
    "array_to_list_value",
    "array_to_rest_datadef",
    "construct_response",
    "construct_response_json",
    "extract_feedback_request_parts",
    "extract_request_parts",
    "extract_request_parts_json",
    "feedback_to_json",
    "get_data_from_proto",
    "get_meta_from_proto",
    "get_request_path",
    "getenv",
    "getenv_as_bool",
    "grpc_datadef_to_array",
    "json_to_feedback",
    "json_to_seldon_message",
    "json_to_seldon_messages",
    "json_to_seldon_model_metadata",
    "seldon_message_to_json",
    "seldon_messages_to_json",
    "setup_tracing",
]

T = TypeVar("T", bound=Message)

_LIMITS = Limits()
_KINDS = ("data", "jsonData", "strData", "binData")

Parts = tuple[Any, dict[str, Any], Any, str]
"""Value, meta, ``data`` (empty for other kinds), and the name of the payload's kind."""


def get_data_from_proto(request: SeldonMessage) -> Any:
    """Return the payload: an array for ``data``, else ``str``, ``bytes``, a JSON value or an ``Any``.

    Raises:
        SeldonError: the payload is missing or invalid; the client receives 400 unless the component
            catches it.
    """
    payload = decode_message(_private(request), _LIMITS).payload
    assert payload is not None  # decoding refuses a request without one
    return _v1_value(payload.value)


def get_meta_from_proto(request: SeldonMessage) -> dict[str, Any]:
    """Return the meta as JSON."""
    return _to_json(request.meta)


def extract_request_parts(request: SeldonMessage) -> Parts:
    """Return value, meta, ``data`` and kind of a message.

    Raises:
        SeldonError: as :func:`get_data_from_proto`.
    """
    value = get_data_from_proto(request)
    return value, get_meta_from_proto(request), request.data, request.WhichOneof("data_oneof") or ""


def extract_request_parts_json(request: Mapping[str, Any]) -> Parts:
    """Return value, meta, ``data`` and kind of a JSON request.

    Raises:
        SeldonError: the payload is missing or invalid.
    """
    payload = decode_json(request, _LIMITS).payload
    assert payload is not None
    kind = next(kind for kind in _KINDS if kind in request)
    return _v1_value(payload.value), dict(request.get("meta") or {}), request.get("data", {}), kind


def extract_feedback_request_parts(request: Feedback) -> tuple[DefaultData, Any, Any, float]:
    """Return the request's ``data``, features and truth as arrays (empty if missing), and the reward."""
    feedback = decode_feedback(private.Feedback.FromString(request.SerializeToString()), _LIMITS)
    features, truth = (
        _v1_value(part.payload.value)
        if part and part.payload and part.payload.kind in DATA_KINDS
        else np.empty(0)
        for part in (feedback.request, feedback.truth)
    )
    return request.request.data, features, truth, feedback.reward


def grpc_datadef_to_array(datadef: DefaultData) -> np.ndarray[Any, Any]:
    """Return the array of a ``data``."""
    array: np.ndarray[Any, Any] = get_data_from_proto(SeldonMessage(data=datadef))
    return array


def array_to_grpc_datadef(data_type: str, array: Any, names: Iterable[str] | None = ()) -> DefaultData:
    """Return a ``data`` with an array.

    Args:
        data_type: ``tensor``, ``ndarray`` or ``tftensor``.
        array: an array of numbers; ``ndarray`` accepts any JSON value.
        names: names of the columns.

    Raises:
        ValueError: another ``data_type``.
    """
    payload = Payload(_kind(data_type), np.asarray(array), list(names or ()))
    return SeldonMessage.FromString(encode_message(NeutralMessage(payload))).data


def array_to_list_value(array: Any, lv: ListValue | None = None) -> ListValue:
    """Return the nested lists of an array, or append its values to ``lv`` and return that."""
    into = ListValue() if lv is None else lv
    into.MergeFrom(array_to_grpc_datadef(Kind.NDARRAY.value, array).ndarray)
    return into


def array_to_rest_datadef(data_type: str, array: Any, names: Iterable[str] | None = ()) -> dict[str, Any]:
    """Return a JSON ``data``. Arguments and errors are those of :func:`array_to_grpc_datadef`."""
    array, kind = np.asarray(array), _kind(data_type)
    datadef: dict[str, Any] = {"names": list(names or ())}
    if kind is Kind.TENSOR:
        return {**datadef, "tensor": {"shape": list(array.shape), "values": array.ravel().tolist()}}
    if kind is Kind.NDARRAY:
        return {**datadef, "ndarray": array.tolist()}
    return {**datadef, "tftensor": _to_json(array_to_grpc_datadef(data_type, array).tftensor)}


def json_to_seldon_message(message_json: Mapping[str, Any] | None) -> SeldonMessage:
    """Return a message from JSON; an empty one for None.

    Raises:
        SeldonMicroserviceException: the JSON is not a SeldonMessage.
    """
    return _parsed(message_json or {}, SeldonMessage())


def json_to_seldon_messages(message_json: Mapping[str, Any] | list[Any]) -> SeldonMessageList:
    """Return the messages of a combiner from ``{"seldonMessages": […]}`` or the list alone."""
    given = {"seldonMessages": message_json} if isinstance(message_json, list) else message_json
    return _parsed(given, SeldonMessageList())


def json_to_feedback(message_json: Mapping[str, Any]) -> Feedback:
    """Return a feedback from JSON.

    Raises:
        SeldonMicroserviceException: the JSON is not a Feedback.
    """
    return _parsed(message_json, Feedback())


def json_to_seldon_model_metadata(metadata_json: Mapping[str, Any] | None) -> SeldonModelMetadata:
    """Return a metadata document from JSON. Unknown members are ignored; None is an empty document.

    Raises:
        SeldonMicroserviceException: a member has a wrong type.
    """
    return _parsed(metadata_json or {}, SeldonModelMetadata(), ignore_unknown_fields=True)


def setup_tracing(interface_name: str) -> Any:
    """Return the global tracer of the library opentracing. The runtime itself traces no calls.

    Args:
        interface_name: accepted for compatibility: whoever sets the global tracer names the service.

    Raises:
        ImportError: opentracing is not installed.
    """
    try:
        opentracing = import_module("opentracing")
    except ImportError as error:
        raise ImportError(
            "setup_tracing returns the global tracer of opentracing, which is not installed: pip install "
            "opentracing, or trace with OpenTelemetry instead"
        ) from error
    return opentracing.global_tracer()


def seldon_message_to_json(message_proto: SeldonMessage) -> dict[str, Any]:
    """Return a message as JSON."""
    return _to_json(message_proto)


def seldon_messages_to_json(message_protos: SeldonMessageList) -> dict[str, Any]:
    """Return the messages of a combiner as JSON."""
    return _to_json(message_protos)


def feedback_to_json(message_proto: Feedback) -> dict[str, Any]:
    """Return a feedback as JSON."""
    return _to_json(message_proto)


def _v1_value(value: Any) -> Any:
    """Return a payload's value as the wrapper has it: numbers beside text become text."""
    is_mixed = isinstance(value, np.ndarray) and value.dtype.kind == "O"
    return numpy_inferred(value) if is_mixed else value


def _kind(data_type: str) -> Kind:
    kinds = {kind.value: kind for kind in DATA_KINDS}
    if data_type not in kinds:
        raise ValueError(f"data_type is {data_type!r}, expected {', '.join(sorted(kinds))}")
    return kinds[data_type]


def _parsed(given: Mapping[str, Any], message: T, *, ignore_unknown_fields: bool = False) -> T:
    try:
        return ParseDict(dict(given), message, ignore_unknown_fields=ignore_unknown_fields)
    except (ParseError, TypeError, ValueError) as error:
        raise SeldonMicroserviceException(f"invalid {message.DESCRIPTOR.name}: {error}") from error


def _to_json(message: Message) -> dict[str, Any]:
    return MessageToDict(message)


def _private(message: SeldonMessage) -> private.SeldonMessage:
    """Return a message as the runtime reads it."""
    return private.SeldonMessage.FromString(message.SerializeToString())
