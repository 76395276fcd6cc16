"""Tensors of a request or an answer, as every transport of V2 has them once it has read its wire format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from seldon_runtime_v2.tensors.datatypes import Datatype

Parameter = str | int | float | bool
"""The values of parameters."""
NONE: Mapping[str, Parameter] = {}


@dataclass(slots=True)
class InputTensor:
    """An input. Text in its array is ``str`` or ``bytes``."""

    name: str
    datatype: Datatype
    array: NDArray[Any]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(slots=True)
class OutputTensor:
    """An output. BYTES is an array of objects of ``bytes``."""

    name: str
    datatype: Datatype
    array: NDArray[Any]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
