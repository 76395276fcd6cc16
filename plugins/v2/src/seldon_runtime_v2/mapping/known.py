"""The requests and answers that codecs remember: one array by its name, and nothing beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import ARRAYS, NO_META, Message, Payload
from seldon_runtime_v2.mapping.model import ServedModel

AnswerKey = tuple[str, np.dtype[Any], tuple[int, ...]]
"""The name, the type and the shape of an answer's only array."""


def takes_named(model: ServedModel) -> bool:
    """Return whether a request reaches the model as :func:`request_of` makes it."""
    return model.takes_arrays and not model.v1_names


def request_of(name: str, array: NDArray[Any]) -> Message:
    """Return the neutral request, as ``message_of`` makes it."""
    return Message(Payload(ARRAYS, {name: array}, []), NO_META, {"tags": {}})


def only_array(payload: Payload | None) -> tuple[AnswerKey, NDArray[Any]] | None:
    """Return the only array of an answer that has no names of columns, with its key; None for another one."""
    if payload is None or payload.kind is not ARRAYS or payload.names or len(payload.value) != 1:
        return None
    ((name, array),) = payload.value.items()
    return (name, array.dtype, array.shape), array
