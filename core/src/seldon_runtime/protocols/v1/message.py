"""The Seldon v1 protocol as JSON-shaped values: SeldonMessage and SeldonMessageList.

A message has one payload: data, jsonData, strData or binData. Null beside another payload counts as absent.
:mod:`.feedback` parses feedback, more strictly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import (
    DATA_KINDS,
    NDARRAY,
    NO_META,
    TENSOR,
    TFTENSOR,
    Kind,
    Message,
    Meta,
    Payload,
)
from seldon_runtime.protocols.arrays import array_from_list, as_floats, reshaped, type_name
from seldon_runtime.protocols.base64_text import decode_base64, encode_base64
from seldon_runtime.protocols.plain_values import plain_array
from seldon_runtime.protocols.v1.tensorproto import decode_tensorproto, encode_tensorproto

_PAYLOADS = ("data", "jsonData", "strData", "binData")
_ARRAYS = ("tensor", "ndarray", "tftensor")
_FLOAT64 = np.dtype(np.float64)


def decode_message(value: object, limits: Limits, where: str = "the request") -> Message:
    """Return the Message in a parsed SeldonMessage.

    Args:
        value: the parsed JSON, which must be a dict.
        limits: the limits of array sizes.
        where: the name of the value in error messages.

    Raises:
        SeldonError: BAD_DATA naming the field, the value seen and what was expected.
    """
    if not isinstance(value, dict):
        raise SeldonError(
            f"{where} is {type_name(value)}, expected an object with data, jsonData, strData or binData"
        )
    payload = decode_payload(value, limits, where)
    meta, given_meta = decode_meta(value.get("meta"))
    return Message(payload, meta, given_meta)


def decode_messages(value: object, limits: Limits) -> list[Message]:
    """Return the messages of a SeldonMessageList: ``{"seldonMessages": [...]}`` or the bare list.

    Raises:
        SeldonError: BAD_DATA, as for :func:`decode_message`, or when the list is empty.
    """
    items = value.get("seldonMessages") if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise SeldonError(f"seldonMessages is {type_name(items)}, expected a list of messages")
    if not items:
        raise SeldonError("seldonMessages is empty, expected one message at least")
    return [decode_part(item, limits, f"seldonMessages[{i}]") for i, item in enumerate(items)]


def decode_part(value: object, limits: Limits, where: str) -> Message:
    """Return a message that is a part of the request, at the place ``where``, as :func:`decode_message` does.

    Raises:
        SeldonError: BAD_DATA whose text begins with the place: ``seldonMessages[1].strData is a number``.
    """
    try:
        return decode_message(value, limits, where)
    except SeldonError as error:
        begin_with(where, error)
        raise


def begin_with(where: str, error: SeldonError) -> None:
    """Have the text of an error begin with the place of the part that it is about."""
    if not error.message.startswith(where):
        error.message = f"{where}.{error.message}"
        error.args = (error.message,)


def encode_message(message: Message, meta: Any = None) -> dict[str, Any]:
    """Return the JSON-shaped answer.

    Numeric arrays stay arrays: C-contiguous, native, of a dtype that JSON writers support.

    Args:
        message: the answer.
        meta: its meta, if that is encoded already.

    Raises:
        SeldonError: COMPONENT_FAILED when the payload cannot be written.
    """
    payload = message.payload
    if meta is None:
        meta = encode_meta(message.meta)
    return {"meta": meta} if payload is None else {"meta": meta, **encode_payload(payload)}


def decode_payload(value: Mapping[str, Any], limits: Limits, where: str) -> Payload:
    """Return the payload of a message, which must have a single payload."""
    present = _present(value, _PAYLOADS, "meta", where)
    if present == "data":
        return _decode_data(value["data"], limits)
    if present == "jsonData":
        return Payload(Kind.JSON, value["jsonData"])
    if present == "strData":
        text = value["strData"]
        if type(text) is not str:
            raise SeldonError(f"strData is {type_name(text)}, expected a text")
        return Payload(Kind.STR, text)
    if present == "binData":
        return Payload(Kind.BINARY, _decode_binary(value["binData"]))
    found = ", ".join(repr(key) for key in list(value)[:5]) or "nothing"
    raise SeldonError(f"{where} holds {found:.200}, expected data, jsonData, strData or binData")


def _present(members: Mapping[str, Any], names: Sequence[str], beside: str, where: str) -> str | None:
    """Return the only one of the names that is a member, None without one; null gives way to another value.

    ``beside`` is the usual further member: with it alone, the first name found is the only one.

    Raises:
        SeldonError: BAD_DATA for two values, of which one would be lost.
    """
    is_single = len(members) - (beside in members) == 1
    present: list[str] = []
    for name in names:
        if name in members:
            if is_single:
                return name
            present.append(name)
    if len(present) > 1:
        present = [name for name in present if members[name] is not None] or present[:1]
        if len(present) > 1:
            raise SeldonError(f"{where} has {' and '.join(present)}, expected one of them")
    return present[0] if present else None


def _decode_binary(content: object) -> bytes:
    if not isinstance(content, str):
        raise SeldonError(f"binData is {type_name(content)}, expected base64 text")
    return decode_base64(content, "binData")


def _decode_data(data: object, limits: Limits) -> Payload:
    if not isinstance(data, dict):
        raise SeldonError(f"data is {type_name(data)}, expected an object with ndarray, tensor or tftensor")
    names = data.get("names", ())
    if names is not None and names != () and type(names) is not list:
        raise SeldonError(f"data.names is {type_name(names)}, expected a list")
    present = _present(data, _ARRAYS, "names", "data")
    if present == "tensor":
        return Payload(TENSOR, _decode_tensor(data["tensor"], limits), names)
    if present == "ndarray":
        return Payload(NDARRAY, array_from_list(data["ndarray"], "data.ndarray", limits), names)
    if present == "tftensor":
        array = decode_tensorproto(
            data["tftensor"], where="data.tftensor", max_values=limits.max_array_values
        )
        return Payload(TFTENSOR, array, names)
    raise SeldonError("data has no ndarray, tensor or tftensor, expected one of them")


def _decode_tensor(tensor: object, limits: Limits) -> np.ndarray[Any, Any]:
    if not isinstance(tensor, dict):
        raise SeldonError(f"data.tensor is {type_name(tensor)}, expected an object with shape and values")
    for key in ("shape", "values"):
        if key not in tensor:
            raise SeldonError(f"data.tensor has no {key}")
    values = array_from_list(tensor["values"], "data.tensor.values", limits)
    if values.dtype.kind in "OU":  # a tensor holds numbers: null is NaN, and so is the word for it
        floats = as_floats(values, words=True)
        values = values if floats is None else floats
    return reshaped(values, tensor["shape"], "data.tensor.shape")


def decode_meta(meta: object) -> tuple[Meta, object]:
    """Return the meta of a request, decoded and as the client sent it (None when absent or null).

    Raises:
        SeldonError: BAD_DATA for an invalid member.
    """
    if meta is None:
        return NO_META, None
    if not isinstance(meta, dict):
        raise SeldonError(f"meta is {type_name(meta)}, expected an object")
    puid = meta.get("puid")
    if puid is not None and (isinstance(puid, bool) or not isinstance(puid, str | int | float)):
        raise SeldonError(f"meta.puid is {type_name(puid)}, expected a text")
    return Meta(
        puid="" if puid is None else puid,
        tags=_mapping(meta, "tags"),
        routing=_mapping(meta, "routing"),
        request_path=_mapping(meta, "requestPath"),
        metrics=_metrics(meta.get("metrics")),
    ), meta


def _mapping(meta: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = meta.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SeldonError(f"meta.{key} is {type_name(value)}, expected an object")
    return value


def _metrics(metrics: object) -> list[Any]:
    """Return a request's metrics, which are only passed on: check that they are a list of objects."""
    if metrics is None:
        return []
    if not isinstance(metrics, list) or not all(isinstance(metric, dict) for metric in metrics):
        raise SeldonError("meta.metrics is not a list of objects")
    return metrics


def encode_meta(meta: Meta) -> dict[str, Any]:
    """Return ``meta`` without its empty members."""
    if meta is NO_META:
        return {}
    members: dict[str, Any] = {}
    if meta.puid:
        members["puid"] = meta.puid
    if meta.tags:
        members["tags"] = meta.tags
    if meta.routing:
        members["routing"] = meta.routing
    if meta.request_path:
        members["requestPath"] = meta.request_path
    if meta.metrics:
        members["metrics"] = meta.metrics
    return members


def encode_payload(payload: Payload) -> dict[str, Any]:
    """Return the members of a message for its payload."""
    kind = payload.kind
    if kind in DATA_KINDS:
        return {"data": _encode_data(payload)}
    if kind is Kind.BINARY:
        return {"binData": encode_base64(payload.value)}
    if kind is Kind.CUSTOM:
        raise SeldonError("customData cannot be written as JSON", code=ErrorCode.COMPONENT_FAILED)
    return {kind.value: payload.value}


def _encode_data(payload: Payload) -> dict[str, Any]:
    value = payload.value
    data: dict[str, Any] = {"names": payload.names}
    if payload.kind is TENSOR:
        data["tensor"] = {"shape": list(value.shape), "values": _writable(np.asarray(value).reshape(-1))}
    elif payload.kind is TFTENSOR:
        data["tftensor"] = encode_tensorproto(np.asarray(value))
    else:
        data["ndarray"] = _writable(value) if isinstance(value, np.ndarray) else value
    return data


def _writable(array: np.ndarray[Any, Any]) -> Any:
    """Return an array that a fast JSON writer accepts, or nested lists."""
    if type(array) is np.ndarray and array.dtype is _FLOAT64 and array.ndim and array.flags.c_contiguous:
        return array
    if type(array) is not np.ndarray or array.ndim == 0 or array.dtype.kind not in "fiub":
        return plain_array(array)
    if array.dtype.kind == "f" and array.dtype.itemsize != 8:
        return array.astype(np.float64, order="C")  # writes a 32-bit number with its exact 64-bit value
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return np.ascontiguousarray(array)
