"""Requests in the form of the v1 protocol, for raw methods and for nodes elsewhere."""

from __future__ import annotations

from typing import Any

from seldon_runtime.plugin import ARRAYS, Feedback, Message, Request, as_single
from seldon_runtime.protocols.v1.message import encode_message


def single(message: Message) -> Message:
    """Return a message whose named arrays are the one array that the v1 protocol knows."""
    payload = message.payload
    if payload is None or payload.kind is not ARRAYS:
        return message
    return Message(as_single(payload), message.meta)


def value_of(request: Request) -> Any:
    """Return a request in the form of the protocol's JSON; numbers stay arrays."""
    if isinstance(request, list):
        return {"seldonMessages": [encode_message(single(each)) for each in request]}
    if isinstance(request, Feedback):
        parts = {"request": request.request, "response": request.response, "truth": request.truth}
        value: dict[str, Any] = {
            key: encode_message(single(part)) for key, part in parts.items() if part is not None
        }
        return {**value, "reward": request.reward}
    assert request is not None
    return encode_message(single(request))
