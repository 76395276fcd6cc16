"""Requests in the form of the protocol's JSON, for raw methods and for nodes elsewhere."""

from __future__ import annotations

from typing import Any

from seldon_runtime.plugin import Feedback, Request
from seldon_runtime.protocols.v1.message import encode_message


def value_of(request: Request) -> Any:
    """Return a request in the form of the protocol's JSON; numbers stay arrays."""
    if isinstance(request, list):
        return {"seldonMessages": [encode_message(each) for each in request]}
    if isinstance(request, Feedback):
        parts = {"request": request.request, "response": request.response, "truth": request.truth}
        value: dict[str, Any] = {key: encode_message(part) for key, part in parts.items() if part is not None}
        return {**value, "reward": request.reward}
    assert request is not None
    return encode_message(request)
