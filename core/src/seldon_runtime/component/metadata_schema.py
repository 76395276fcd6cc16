"""The schema of the metadata document, of the Seldon v1 protocol's ``/metadata``.

It imports msgspec, so the runtime imports it only when a component or the environment sets metadata.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

Array = Literal["tensor", "ndarray", "tftensor"]
Json = Literal["jsonData", "customData"]
Plain = Literal["strData", "binData"]
Unsigned = Literal["UINT8", "UINT16", "UINT32", "UINT64"]
Signed = Literal["INT8", "INT16", "INT32", "INT64"]
Datatype = Literal["BOOL", Unsigned, Signed, "FP16", "BF16", "FP32", "FP64", "BYTES"]


class ArraySchema(Struct, forbid_unknown_fields=True):
    """Names and shape of an array, and the datatype of its values."""

    names: list[str] | UnsetType = UNSET
    shape: list[int] | UnsetType = UNSET
    datatype: Datatype | UnsetType = UNSET


class ArrayTensor(Struct, forbid_unknown_fields=True):
    """An input or output that is an array."""

    messagetype: Array
    schema: ArraySchema | UnsetType = UNSET


class JsonTensor(Struct, forbid_unknown_fields=True):
    """An input or output that is JSON, of any schema."""

    messagetype: Json
    schema: Any = UNSET


class PlainTensor(Struct, forbid_unknown_fields=True):
    """An input or output that is text or bytes."""

    messagetype: Plain


class CustomTensor(Struct, forbid_unknown_fields=True):
    """An input or output whose message type is the component's own, such as a media type."""

    messagetype: str
    schema: dict[str, Any] | UnsetType = UNSET


class V2Tensor(Struct, forbid_unknown_fields=True):
    """An input or output, described as in the Open Inference Protocol."""

    name: str
    datatype: Datatype
    shape: list[int]
