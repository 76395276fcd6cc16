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
CONTENT_TYPE = "content_type"
BASE64, DATETIME = "base64", "datetime"
"""Types of content that elements of BYTES are converted to."""


@dataclass(slots=True)
class InputTensor:
    """An input. Text in its array is all ``str``, or all ``bytes``."""

    name: str
    datatype: Datatype
    array: NDArray[Any]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(slots=True)
class OutputTensor:
    """An output. BYTES is an array of objects, all of ``bytes`` or all of ``str``."""

    name: str
    datatype: Datatype
    array: NDArray[Any]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


def is_converted(parameters: Mapping[str, Parameter], request: Mapping[str, Parameter] | None) -> bool:
    """Return whether the parameters of an input, or else of its request, ask for a conversion of BYTES."""
    return parameters.get(CONTENT_TYPE, (request or NONE).get(CONTENT_TYPE)) in (BASE64, DATETIME)
