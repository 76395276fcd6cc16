"""The batcher: waiting requests whose rows fit together are one prediction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from seldon_runtime.plugin import (
    DATA_KINDS,
    NO_META,
    Batcher,
    Call,
    Message,
    Method,
    Payload,
    Predict,
    Request,
    SeldonError,
    Stream,
)

Answer = Message | Stream | SeldonError


class MyNameBatcher(Batcher):
    """Gives each caller exactly the answer that a call of its own would have given."""

    def __init__(self, max_size: int, max_wait_s: float) -> None:
        self.max_size = max_size
        self.max_wait_s = max_wait_s

    def group(self, call: Call) -> Hashable | None:
        """Return the group of a call, or None to run it alone. Runs on the transport's thread."""
        return "rows" if call.method is Method.PREDICT else None

    def predict(self, method: Method, requests: Sequence[Request], predict: Predict) -> Sequence[Answer]:
        """Return an answer or an error for each request, in order. Runs on the component's thread."""
        alike: dict[Hashable, list[int]] = defaultdict(list)
        for place, request in enumerate(requests):
            assert isinstance(request, Message)  # as for every method but AGGREGATE and SEND_FEEDBACK
            layout = _layout(request)
            alike[place if layout is None else layout].append(place)
        answers: dict[int, Answer] = {}
        for places in alike.values():
            together = _together(method, [requests[place] for place in places], predict)
            answers.update(zip(places, together, strict=True))
        return [answers[place] for place in range(len(requests))]


def _layout(request: Message) -> Hashable | None:
    """Return a key that requests share whose rows fit together; None for a request that stays alone."""
    payload = request.payload
    if payload is None or payload.kind not in DATA_KINDS or payload.value.ndim < 2:
        return None
    if request.meta != NO_META:
        return None  # the answer carries this meta
    return payload.kind, payload.value.dtype.str, payload.value.shape[1:], repr(payload.names)


def _together(method: Method, requests: Sequence[Request], predict: Predict) -> Sequence[Answer]:
    """Return an answer for each request: from one prediction if possible, else one by one."""
    payloads = [r.payload for r in requests if isinstance(r, Message) and r.payload is not None]
    if len(requests) > 1 and len(payloads) == len(requests):
        sizes = [len(payload.value) for payload in payloads]
        value = np.concatenate([payload.value for payload in payloads])
        answer = _alone(method, Message(replace(payloads[0], value=value)), predict)
        if (
            isinstance(answer, Message)
            and answer.payload is not None
            and _has_rows(answer.payload, sum(sizes))
        ):
            return list(_parts(answer, answer.payload, sizes))
        if isinstance(answer, Stream):
            answer.close()
    return [_alone(method, request, predict) for request in requests]


def _has_rows(payload: Payload, count: int) -> bool:
    return payload.kind in DATA_KINDS and len(payload.value) == count


def _parts(answer: Message, payload: Payload, sizes: Sequence[int]) -> Iterator[Message]:
    """Yield the rows of each caller. The first has the custom metrics, so that they count once."""
    end = 0
    for size in sizes:
        part = replace(payload, value=payload.value[end : end + size])
        yield replace(answer, payload=part, metrics=() if end else answer.metrics)
        end += size


def _alone(method: Method, request: Request, predict: Predict) -> Answer:
    try:
        return predict(method, request)
    except SeldonError as error:  # the answer of this caller only
        return error
