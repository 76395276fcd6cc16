"""The arrays that a method receives: as the v1 protocol has them, or faithful to the request.

A codec keeps every value of a request as the client sent it, in an array of objects if need be. The v1
protocol hands a class what ``numpy.array`` makes of the JSON, which turns numbers beside text into text.
"""

from __future__ import annotations

import logging
import typing
from collections.abc import Callable
from typing import Any

import numpy as np

from seldon_runtime.component.inspection.annotations import annotations_of
from seldon_runtime.component.inspection.faithful_array import FAITHFUL
from seldon_runtime.protocols.arrays import as_floats, numpy_inferred
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime.settings.values import Settings

logger = logging.getLogger(__name__)

Receive = Callable[[Any], Any]
"""Function that returns the argument for a user's method from a payload's value."""
FLOAT64 = np.dtype(np.float64)
"""The type of most arrays, which every method receives as they are."""
_NUMBERS = frozenset({int, float, bool})
_SWALLOWED = (
    "an ndarray mixes text and numbers, and v1 makes text of the numbers: the component "
    'receives "1.5" for 1.5. To receive every value as it was sent, set SELDON_ARRAYS=faithful, or annotate '
    "the argument: X: seldon_runtime.FaithfulArray. This warning appears once"
)


class ArrayReading:
    """The choice between the two kinds of arrays, for one component.

    Args:
        faithful: True for faithful arrays in every method; else only methods with the type hint
            ``FaithfulArray`` receive them.
        reads_words: True to read ``"NaN"``, ``"Infinity"`` and ``"-Infinity"`` in an ``ndarray`` as numbers.
    """

    def __init__(self, *, faithful: bool = False, reads_words: bool = False) -> None:
        self._faithful = faithful
        self._reads_words = reads_words
        self._has_warned = False

    @classmethod
    def of(cls, settings: Settings) -> ArrayReading:
        """Return the choice that the settings make."""
        return cls(
            faithful=settings["arrays"] == "faithful",
            reads_words=settings["non_finite"] == NonFinite.STRING.value,
        )

    def receive(self, function: Callable[..., Any] | None) -> Receive:
        """Return the function that converts the arguments of a user's method."""
        convert = self._faithful_array if self._faithful or _is_hinted(function) else self._v1_array

        def received(value: Any) -> Any:
            if type(value) is not np.ndarray or value.dtype.char not in "OU":
                return value
            return convert(value)

        return received

    def _faithful_array(self, array: Any) -> Any:
        floats = self._words_as_floats(array)
        has_values = array.dtype.kind == "O" and any(value is not None for value in array.ravel())
        if floats is None and has_values:
            floats = as_floats(array, words=False)
        return array if floats is None else floats

    def _v1_array(self, array: Any) -> Any:
        floats = self._words_as_floats(array)
        if floats is not None:
            return floats
        if array.dtype.kind != "O":
            return array
        inferred = numpy_inferred(array)
        if inferred.dtype.kind == "U" and not self._has_warned:
            self._warn(array)
        return inferred

    def _words_as_floats(self, array: Any) -> Any:
        """Return the numbers of an array with words for NaN and infinities; None for other arrays."""
        if not self._reads_words or not any(type(value) is str for value in array.ravel().tolist()):
            return None
        return as_floats(array, words=True)

    def _warn(self, array: Any) -> None:
        if not _NUMBERS.isdisjoint(map(type, array.ravel().tolist())):
            self._has_warned = True
            logger.warning(_SWALLOWED)


def _is_hinted(function: Callable[..., Any] | None) -> bool:
    """Return whether the annotation of an argument is, or contains, ``FaithfulArray``."""
    if function is None:
        return False
    return any(is_faithful(annotation) for annotation in annotations_of(function))


def is_faithful(annotation: Any) -> bool:
    """Return whether an annotation is, or contains, ``FaithfulArray``; as a text, whether it names it."""
    if isinstance(annotation, str):  # it names a class that exists for type checkers only
        return "FaithfulArray" in annotation
    if any(mark is FAITHFUL for mark in getattr(annotation, "__metadata__", ())):  # as Annotated has it
        return True
    return any(is_faithful(part) for part in typing.get_args(annotation))
