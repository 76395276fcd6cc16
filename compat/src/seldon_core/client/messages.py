"""The messages that ``SeldonClient`` sends, made from its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from seldon_core.client.results import SeldonClientException
from seldon_core.proto.prediction_pb2 import Feedback, SeldonMessage, SeldonMessageList
from seldon_core.utils import array_to_grpc_datadef, json_to_feedback, json_to_seldon_message


def prediction_message(
    *,
    payload_type: str,
    shape: Sequence[int],
    data: Any = None,
    bin_data: bytes | bytearray | None = None,
    str_data: str | None = None,
    json_data: Any = None,
    custom_data: Any = None,
    names: Iterable[str] | None = None,
    meta: Mapping[str, Any] | None = None,
    raw_data: Mapping[str, Any] | None = None,
) -> SeldonMessage:
    """Return the message of a prediction, with the first given payload; else random numbers.

    Args:
        payload_type: the kind of an array: ``tensor``, ``ndarray`` or ``tftensor``.
        shape: the shape of random numbers.
        data: an array.
        bin_data: bytes.
        str_data: text.
        json_data: a JSON value.
        custom_data: a ``google.protobuf.Any``.
        names: the names of the array's columns.
        meta: the tags of the message.
        raw_data: the whole message as JSON; the other arguments then have no effect.

    Raises:
        SeldonClientException: ``data`` is not an array.
        SeldonMicroserviceException: ``raw_data`` is not a message.
        ValueError: ``payload_type`` is unknown.
    """
    if raw_data is not None:
        return json_to_seldon_message(raw_data)
    message = SeldonMessage()
    if bin_data is not None:
        message.binData = bytes(bin_data)
    elif str_data is not None:
        message.strData = str_data
    elif json_data is not None:
        ParseDict(json_data, message.jsonData)
    elif custom_data is not None:
        message.customData.CopyFrom(custom_data)
    else:
        message.data.CopyFrom(array_to_grpc_datadef(payload_type, _array(data, shape), names))
    if meta:
        tags: Struct = ParseDict(dict(meta), Struct())
        for name, value in tags.fields.items():
            message.meta.tags[name].CopyFrom(value)
    return message


def several_messages(
    *,
    payload_type: str,
    shape: Sequence[int],
    datas: Sequence[Any] | None,
    ndatas: int | None,
    names: Iterable[str] | None,
) -> SeldonMessageList:
    """Return the messages for a combiner.

    Args:
        payload_type: the kind of the arrays.
        shape: the shape of random numbers.
        datas: the arrays.
        ndatas: the number of arrays of random numbers, without ``datas``.
        names: the names of the columns of each array.

    Raises:
        SeldonClientException: both ``datas`` and ``ndatas`` are None, or an item is not an array.
    """
    if datas is None:
        if ndatas is None:
            raise SeldonClientException("aggregate needs datas, or ndatas for random numbers")
        datas = [None] * ndatas
    listed = None if names is None else list(names)
    arrays = [
        prediction_message(payload_type=payload_type, shape=shape, data=data, names=listed) for data in datas
    ]
    return SeldonMessageList(seldonMessages=arrays)


def feedback_message(
    request: SeldonMessage | None,
    response: SeldonMessage | None,
    truth: SeldonMessage | None,
    reward: float,
    raw_request: Mapping[str, Any] | None = None,
) -> Feedback:
    """Return a feedback.

    Args:
        request: the request of the prediction.
        response: its answer.
        truth: the right answer.
        reward: the reward of the answer.
        raw_request: the whole feedback as JSON; the other arguments then have no effect.

    Raises:
        SeldonMicroserviceException: ``raw_request`` is not a feedback.
    """
    if raw_request is not None:
        return json_to_feedback(raw_request)
    return Feedback(
        request=_message(request), response=_message(response), truth=_message(truth), reward=reward
    )


def _message(given: Any) -> Any:
    """Return a message; one made of JSON for a dict, such as an answer of this client."""
    return json_to_seldon_message(given) if isinstance(given, Mapping) else given


def _array(data: Any, shape: Sequence[int]) -> np.ndarray[Any, Any]:
    if data is None:
        return np.random.default_rng().random(tuple(shape))
    if not isinstance(data, np.ndarray):
        raise SeldonClientException(f"data is a {type(data).__name__}, expected a numpy array")
    return data
