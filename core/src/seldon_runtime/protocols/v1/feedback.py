"""Feedback, parsed as strictly as protobuf JSON: unknown members are refused, numbers become floats.

Protobuf JSON (the "ProtoJSON" section of the protobuf documentation) also takes
numbers written as text, and null for an absent member.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Feedback, Message, Payload
from seldon_runtime.protocols.arrays import type_name
from seldon_runtime.protocols.v1.message import begin_with, decode_meta, decode_part, encode_message

_MESSAGE = {"status", "meta", "data", "binData", "strData", "jsonData"}
_PAYLOADS = ("data", "jsonData", "strData", "binData")
_DATA = {"names", "tensor", "ndarray", "tftensor"}
_ARRAYS = ("tensor", "ndarray", "tftensor")
_META = {"puid", "tags", "routing", "requestPath", "metrics"}
_MAX_FLOAT32 = float(np.finfo(np.float32).max)


def decode_feedback(value: object, limits: Limits) -> Feedback:
    """Return the Feedback in a parsed JSON object.

    Raises:
        SeldonError: BAD_DATA naming the member, the value seen and what was expected.
    """
    members = _object(value, "the feedback", {"request", "response", "reward", "truth"})
    return Feedback(
        request=_message(members.get("request"), "request", limits),
        response=_message(members.get("response"), "response", limits),
        reward=_reward(members.get("reward", 0.0)),
        truth=_message(members.get("truth"), "truth", limits),
    )


def encode_feedback_reply(message: Message) -> dict[str, Any]:
    """Return an answer to feedback as protobuf JSON, without empty names and values."""
    body = encode_message(message)
    data = body.get("data")
    if data is not None:
        if not data["names"]:
            del data["names"]
        tensor = data.get("tensor")
        if tensor is not None and not len(tensor["values"]):
            del tensor["values"]
    return body


def _message(value: object, where: str, limits: Limits) -> Message | None:
    if value is None:
        return None
    members = _object(value, where, _MESSAGE)
    present = _at_most_one(members, _PAYLOADS, where)
    meta = _checked_meta(members.get("meta"), f"{where}.meta")
    checked = {**members, "meta": meta}
    if present is None:
        try:
            return Message(None, *decode_meta(meta))
        except SeldonError as error:
            begin_with(where, error)
            raise
    if present == "data":
        checked["data"] = _checked_data(members["data"], f"{where}.data")
    elif present == "jsonData":
        checked["jsonData"] = _floats(members["jsonData"])
    message = decode_part(checked, limits, where)
    return Message(_with_floats(message.payload), message.meta, message.given_meta)


def _with_floats(payload: Payload | None) -> Payload | None:
    if payload is None or not isinstance(payload.value, np.ndarray) or payload.value.dtype.kind not in "iu":
        return payload
    return Payload(payload.kind, payload.value.astype(np.float64), payload.names)


def _checked_data(value: object, where: str) -> dict[str, Any]:
    data = dict(_object(value, where, _DATA))
    if _at_most_one(data, _ARRAYS, where) is None:
        data["ndarray"] = []
    if "ndarray" in data:
        data["ndarray"] = _floats(data["ndarray"])
    if "tensor" in data:
        tensor = _object(data["tensor"], f"{where}.tensor", {"shape", "values"})
        shape = _list(tensor.get("shape", []), f"{where}.tensor.shape")
        values = _list(tensor.get("values", []), f"{where}.tensor.values")
        data["tensor"] = {
            "shape": [_whole(size, f"{where}.tensor.shape[{i}]") for i, size in enumerate(shape)],
            "values": [
                math.nan if number is None else _number(number, f"{where}.tensor.values[{i}]")
                for i, number in enumerate(values)
            ],
        }
    return data


def _checked_meta(value: object, where: str) -> dict[str, Any] | None:
    if value is None:
        return None
    meta = dict(_object(value, where, _META))
    routing = meta.get("routing")
    if isinstance(routing, dict):
        meta["routing"] = {key: _whole(item, f"{where}.routing[{key!r}]") for key, item in routing.items()}
    return meta


def _object(value: object, where: str, allowed: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SeldonError(f"{where} is {type_name(value)}, expected an object")
    members = {key: member for key, member in value.items() if member is not None}
    for key in members:
        if key not in allowed:
            raise SeldonError(
                f"{where} has an unknown member {key!r:.80}; known: {', '.join(sorted(allowed))}"
            )
    return members


def _at_most_one(members: Mapping[str, Any], keys: tuple[str, ...], where: str) -> str | None:
    present = [key for key in keys if key in members]
    if len(present) > 1:
        raise SeldonError(f"{where} has {' and '.join(present)}, expected one of them")
    return present[0] if present else None


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise SeldonError(f"{where} is {type_name(value)}, expected a list")
    return value


def _number(value: object, where: str) -> float:
    if isinstance(value, int | float | str):  # protobuf JSON takes true and false as 1 and 0
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise SeldonError(f"{where} is {value!r:.40}, expected a number")


def _whole(value: object, where: str) -> int:
    number = math.nan if isinstance(value, bool) else _number(value, where)
    if not math.isfinite(number) or number != int(number):
        raise SeldonError(f"{where} is {value!r:.40}, expected a whole number")
    return int(value) if isinstance(value, int) else int(number)


def _reward(value: object) -> float:
    reward = _number(value, "reward")
    if isinstance(value, float) and not math.isfinite(reward):
        raise SeldonError('reward is not a finite number; write "NaN" or "Infinity" as text if it is meant')
    if math.isfinite(reward) and abs(reward) > _MAX_FLOAT32:
        raise SeldonError(f"reward is {reward!r}, expected a 32-bit number (at most {_MAX_FLOAT32:.6g})")
    return reward


def _floats(value: Any) -> Any:
    """Return the value with all numbers as floats, at any depth, as in protobuf's Value."""
    if isinstance(value, dict):
        return {key: _floats(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_floats(member) for member in value]
    if type(value) is int:
        return _number(value, "a number of the feedback")
    return value
