"""The nodes that need no class: RANDOM_ABTEST, AVERAGE_COMBINER, SIMPLE_MODEL."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seldon_runtime.plugin import DATA_KINDS, ErrorCode, Message, Meta, Payload, SeldonError, as_single

_MATRIX = 2


def random_branch(ratio_a: float) -> Callable[[], int]:
    """Return a function that chooses child 0 with the probability ``ratio_a``, else child 1."""

    def choose() -> int:
        return 0 if random.random() < ratio_a else 1

    return choose


def average(name: str, children: Sequence[str]) -> Callable[[Sequence[Message]], Message]:
    """Return the function of an AVERAGE_COMBINER of this name, with children of these names.

    It takes arrays of numbers of one shape, rows and columns, and returns their mean with names and kind of
    the first. Raises SeldonError (COMPONENT_FAILED) for other answers; the message names the child.
    """

    def combine(answers: Sequence[Message]) -> Message:
        arrays = [_numbers(answer, name, child) for answer, child in zip(answers, children, strict=True)]
        first = answers[0].payload
        assert first is not None
        shape = arrays[0].shape
        for array, child in zip(arrays, children, strict=True):
            if array.shape != shape:
                wanted = f"expected {shape} as from {children[0]!r}"
                raise _failed(name, f"receives the shape {array.shape} from {child!r}, {wanted}")
        single = as_single(first)
        return Message(Payload(single.kind, np.mean(arrays, axis=0), single.names), merged(answers))

    return combine


def merged(answers: Sequence[Message]) -> Meta:
    """Return the meta of several answers: tags and request paths of all, of which the last wins."""
    tags: dict[str, Any] = {}
    path: dict[str, str] = {}
    metrics: list[Any] = []
    for answer in answers:
        tags.update(answer.meta.tags)
        path.update(answer.meta.request_path)
        metrics.extend(answer.meta.metrics)
    return Meta(answers[0].meta.puid, tags, {}, path, metrics)


def _numbers(answer: Message, name: str, child: str) -> Any:
    payload = None if answer.payload is None else as_single(answer.payload)
    if payload is None or payload.kind not in DATA_KINDS:
        kind = "nothing" if payload is None else payload.kind.value
        raise _failed(name, f"receives {kind} from {child!r}, expected an array of numbers")
    try:
        array = np.asarray(payload.value)
    except ValueError:  # ragged rows
        array = np.array(None)
    if array.dtype.kind not in "fiu" or array.ndim != _MATRIX or not array.size:
        raise _failed(
            name,
            f"receives an array of {array.dtype}, {array.ndim}-D, from {child!r}, expected numbers in rows",
        )
    return array


def _failed(name: str, what: str) -> SeldonError:
    return SeldonError(f"the combiner {name!r} {what}", code=ErrorCode.COMPONENT_FAILED)


class SimpleModel:
    """SIMPLE_MODEL: answers 0.1, 0.9 and 0.5 for any array, and text and bytes as they are."""

    def predict(self, X: Any, features_names: Any = None) -> Any:
        """Return one row of three values for an array; anything else as it is."""
        return np.array([[0.1, 0.9, 0.5]]) if isinstance(X, np.ndarray) else X

    def class_names(self) -> list[str]:
        """Return the names of the three values."""
        return ["class0", "class1", "class2"]
