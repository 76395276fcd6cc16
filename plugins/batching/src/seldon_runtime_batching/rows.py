"""The rows of requests: which fit together, all as one request, and the answer's rows for each caller."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import ARRAYS, DATA_KINDS, NO_META, Message, Meta, Payload

_OBJECTS_AND_TEXT = "OU"
"""Arrays of these types become numbers or text by all of their values: one caller's value could change
another's."""


def layout(request: Message) -> Hashable | None:
    """Return a key that requests share whose rows fit together; None for a request that runs alone.

    The key has the kind, the type and the shape of a row, and the names of columns. Requests with other tags
    are apart, since the tags may be the parameters of a model.
    """
    payload = request.payload
    if payload is None:
        return None
    if payload.kind is ARRAYS:
        rows = tuple((name, _row(array)) for name, array in payload.value.items())
        is_table = type(payload.value) is not dict  # its texts and numbers depend on all rows
        if is_table or not _rows_of(payload) or len({len(array) for array in payload.value.values()}) > 1:
            return None
    elif payload.kind in DATA_KINDS and isinstance(payload.value, np.ndarray):
        value = payload.value
        if value.ndim < 2 or not len(value) or value.dtype.char in _OBJECTS_AND_TEXT:
            return None
        rows = (("", _row(value)),)
    else:
        return None
    names = repr([*payload.names]) if payload.names else payload.names is None
    return payload.kind, rows, names, repr(request.meta.tags) if request.meta.tags else ""


def _row(array: NDArray[Any]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    return array.dtype, array.shape[1:]


def rows_of(request: Message) -> int:
    """Return the number of rows of a request that has a :func:`layout`."""
    assert request.payload is not None
    return _rows_of(request.payload)


def _rows_of(payload: Payload) -> int:
    """Return the number of rows; 0 for what has none."""
    if payload.kind is ARRAYS:
        arrays = list(payload.value.values())
        return len(arrays[0]) if arrays and all(array.ndim for array in arrays) else 0
    return len(payload.value)


def stacked(requests: Sequence[Message]) -> Message:
    """Return one request with the rows of all, which have the same layout. Copies the rows."""
    payloads = [request.payload for request in requests if request.payload is not None]
    value: Any
    if payloads[0].kind is ARRAYS:
        names = payloads[0].value
        value = {name: np.concatenate([payload.value[name] for payload in payloads]) for name in names}
    else:
        value = np.concatenate([payload.value for payload in payloads])
    first = requests[0]
    tags = first.meta.tags
    given = {"tags": dict(tags)} if tags else None
    payload = Payload(payloads[0].kind, value, payloads[0].names)
    return Message(payload, Meta(tags=tags) if tags else NO_META, given)


def shares(answer: Message, requests: Sequence[Message]) -> list[Message] | None:
    """Return the answer of each request; None if the answer has not one row for each of their rows.

    Tags are everybody's. Custom metrics belong to the one prediction, so only the first answer counts them.
    """
    sizes = [rows_of(request) for request in requests]
    payload = answer.payload
    if payload is None or not _has_rows(payload, sum(sizes)):
        return None
    metrics = answer.metrics
    found = []
    for request, part in zip(requests, _parts(payload, sizes), strict=True):
        # by position: keywords take three times as long, and dataclasses.replace ten times
        found.append(Message(part, _meta(request, answer), answer.given_meta, metrics, answer.headers))
        metrics = ()
    return found


def _has_rows(payload: Payload, rows: int) -> bool:
    if payload.kind is ARRAYS:
        return all(array.ndim and len(array) == rows for array in payload.value.values())
    if payload.kind not in DATA_KINDS:
        return False
    value = payload.value
    is_array = isinstance(value, np.ndarray)
    return (value.ndim > 0 if is_array else isinstance(value, list)) and len(value) == rows


def _parts(payload: Payload, sizes: Sequence[int]) -> Iterator[Payload]:
    end, kind, value, names = 0, payload.kind, payload.value, payload.names
    for size in sizes:
        rows = slice(end, end := end + size)
        if kind is ARRAYS:
            yield Payload(kind, {name: array[rows] for name, array in value.items()}, names)
        else:
            yield Payload(kind, value[rows], names)


def _meta(request: Message, answer: Message) -> Meta:
    """Return the meta of one caller's answer: the request's, then the answer's."""
    own, given = request.meta, answer.meta
    if own is NO_META:
        return given
    return Meta(
        puid=own.puid,
        tags={**own.tags, **given.tags},
        request_path={**own.request_path, **given.request_path},
        metrics=[*own.metrics, *given.metrics],
    )
