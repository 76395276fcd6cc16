"""The Seldon v1 protocol as JSON-shaped values: SeldonMessage and SeldonMessageList.

Payloads are looked for in the order data, jsonData, strData, binData; a second one
is ignored. Feedback, which is parsed more strictly, is in :mod:`.v1_feedback`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.limits import Limits
from seldon_runtime.message import (
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
from seldon_runtime.protocols.arrays import array_from_list, reshaped, type_name
from seldon_runtime.protocols.tensorproto import decode_tensorproto, encode_tensorproto

_FLOAT64 = np.dtype(np.float64)


def decode_message(value: object, limits: Limits, where: str = "the request") -> Message:
    """A parsed SeldonMessage.

    Args:
        value: what a JSON parser gave: a dict.
        limits: of array sizes.
        where: how messages call this value.

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
    """A SeldonMessageList: ``{"seldonMessages": [...]}`` or the bare list, with one message at least.

    Raises:
        SeldonError: BAD_DATA, as for :func:`decode_message`.
    """
    items = value.get("seldonMessages") if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise SeldonError(f"seldonMessages is {type_name(items)}, expected a list of messages")
    if not items:
        raise SeldonError("seldonMessages is empty, expected one message at least")
    return [decode_message(item, limits, f"seldonMessages[{i}]") for i, item in enumerate(items)]


def encode_message(message: Message) -> dict[str, Any]:
    """The JSON-shaped answer. Numeric arrays stay arrays: C-contiguous, native, of a dtype JSON writers know.

    Raises:
        SeldonError: COMPONENT_FAILED when the payload cannot be written.
    """
    meta, payload = encode_meta(message.meta), message.payload
    return {"meta": meta} if payload is None else {"meta": meta, **encode_payload(payload)}


def decode_payload(value: Mapping[str, Any], limits: Limits, where: str) -> Payload:
    """The one payload of a message that must have one."""
    if "data" in value:
        return _decode_data(value["data"], limits)
    if "jsonData" in value:
        return Payload(Kind.JSON, value["jsonData"])
    if "strData" in value:
        text = value["strData"]
        if type(text) is not str:
            raise SeldonError(f"strData is {type_name(text)}, expected a text")
        return Payload(Kind.STR, text)
    if "binData" in value:
        return Payload(Kind.BINARY, decode_base64(value["binData"], "binData"))
    found = ", ".join(repr(key) for key in list(value)[:5]) or "nothing"
    raise SeldonError(f"{where} holds {found:.200}, expected data, jsonData, strData or binData")


def decode_base64(value: object, where: str) -> bytes:
    """Strict base64 with padding; line breaks are allowed, other foreign characters are not.

    Raises:
        SeldonError: BAD_DATA.
    """
    if not isinstance(value, str):
        raise SeldonError(f"{where} is {type_name(value)}, expected base64 text")
    try:
        return base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SeldonError(f"{where} is not base64 with padding (RFC 4648, section 4): {error}") from error


def _decode_data(data: object, limits: Limits) -> Payload:
    if not isinstance(data, dict):
        raise SeldonError(f"data is {type_name(data)}, expected an object with ndarray, tensor or tftensor")
    names = data.get("names", ())
    if names is not None and names != () and type(names) is not list:
        raise SeldonError(f"data.names is {type_name(names)}, expected a list")
    if "tensor" in data:
        return Payload(TENSOR, _decode_tensor(data["tensor"], limits), names)
    if "ndarray" in data:
        return Payload(NDARRAY, array_from_list(data["ndarray"], "data.ndarray", limits), names)
    if "tftensor" in data:
        array = decode_tensorproto(
            data["tftensor"], where="data.tftensor", max_values=limits.max_array_values
        )
        return Payload(TFTENSOR, array, names)
    raise SeldonError("data has no ndarray, tensor or tftensor: there is nothing to hand to the component")


def _decode_tensor(tensor: object, limits: Limits) -> np.ndarray[Any, Any]:
    if not isinstance(tensor, dict):
        raise SeldonError(f"data.tensor is {type_name(tensor)}, expected an object with shape and values")
    for key in ("shape", "values"):
        if key not in tensor:
            raise SeldonError(f"data.tensor has no {key}")
    values = array_from_list(tensor["values"], "data.tensor.values", limits)
    return reshaped(values, tensor["shape"], "data.tensor.shape")


def decode_meta(meta: object) -> tuple[Meta, object]:
    """The meta of a request, and the same as it stood on the wire (None when absent or null).

    Raises:
        SeldonError: BAD_DATA.
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
    """Metrics of a request are passed on, not counted, so only their frame is checked."""
    if metrics is None:
        return []
    if not isinstance(metrics, list) or not all(isinstance(metric, dict) for metric in metrics):
        raise SeldonError("meta.metrics is not a list of objects")
    return metrics


def encode_meta(meta: Meta) -> dict[str, Any]:
    """``meta`` without its empty members; routing is never answered."""
    if meta is NO_META:
        return {}
    members = {
        "puid": meta.puid,
        "tags": meta.tags,
        "requestPath": meta.request_path,
        "metrics": meta.metrics,
    }
    return {key: value for key, value in members.items() if value}


def encode_payload(payload: Payload) -> dict[str, Any]:
    """The payload's own members of a message."""
    kind = payload.kind
    if kind in DATA_KINDS:
        return {"data": _encode_data(payload)}
    if kind is Kind.BINARY:
        return {"binData": base64.b64encode(payload.value).decode("ascii")}
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
        data["ndarray"] = value if isinstance(value, list) else _writable(value)
    return data


def _writable(array: np.ndarray[Any, Any]) -> Any:
    """As an array that a fast JSON writer takes as it is, or as nested lists."""
    if type(array) is np.ndarray and array.dtype is _FLOAT64 and array.ndim and array.flags.c_contiguous:
        return array
    if type(array) is not np.ndarray or array.ndim == 0 or array.dtype.kind not in "fiub":
        return array.tolist()
    if array.dtype.kind == "f" and array.dtype.itemsize != 8:
        return array.astype(np.float64, order="C")  # a 32-bit number is written with its exact 64-bit value
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return np.ascontiguousarray(array)
