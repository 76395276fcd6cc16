"""The type hint of arguments that receive arrays faithful to the request."""

from __future__ import annotations

from typing import Annotated, Any

from numpy.typing import NDArray

FAITHFUL = "seldon_runtime.FaithfulArray"
"""The mark in the annotation that :data:`FaithfulArray` stands for."""
FaithfulArray = Annotated[NDArray[Any], FAITHFUL]
"""The type hint of an argument that receives every value as the client sent it.

Values of several types arrive as an array of objects: ``[[1, "x", null]]`` as ``1``, ``"x"`` and None. Null
among numbers is NaN, in an array of float64. Without the hint, numbers beside text arrive as text, and
numbers beside null as objects, as in the v1 protocol.
"""
