"""Typed contents of tensors: the field for each datatype, and its numbers as arrays and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import SeldonError
from seldon_runtime_grpc.protobuf import Part, nested
from seldon_runtime_v2.grpc.protos.inference_pb2 import InferTensorContents
from seldon_runtime_v2.grpc.request_wire import Numbers
from seldon_runtime_v2.grpc.varints import from_varints, to_varints
from seldon_runtime_v2.tensors.binary import from_binary, to_binary
from seldon_runtime_v2.tensors.datatypes import FLOAT, TEXT, WHOLE, Datatype
from seldon_runtime_v2.tensors.shapes import misfit

FEW = 64
"""The most numbers of an output for which protobuf's own classes are quicker."""
CONTENTS = 5
"""The field of the contents in a tensor of an answer."""


class Field(NamedTuple):
    """A field of InferTensorContents."""

    number: int
    name: str
    dtype: np.dtype[Any]
    """The type of its numbers."""


def _field(name: str, dtype: str) -> Field:
    number: int = InferTensorContents.DESCRIPTOR.fields_by_name[name].number
    return Field(number, name, np.dtype(dtype))


_INT, _UINT = _field("int_contents", "<i4"), _field("uint_contents", "<u4")
_FIELDS = {
    "BOOL": _field("bool_contents", "?"),
    **dict.fromkeys(("INT8", "INT16", "INT32"), _INT),
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), _UINT),
    "INT64": _field("int64_contents", "<i8"),
    "UINT64": _field("uint64_contents", "<u8"),
    "FP32": _field("fp32_contents", "<f4"),
    "FP64": _field("fp64_contents", "<f8"),
    "BYTES": _field("bytes_contents", "O"),
}
"""The fields by the names of datatypes. FP16 and BF16 travel as raw contents only."""
_NAMES = {field.number: field.name for field in _FIELDS.values()}


def has_contents(datatype: Datatype) -> bool:
    """Return whether typed contents can hold a datatype."""
    return datatype.name in _FIELDS


def field_of(datatype: Datatype, name: str) -> Field:
    """Return the field for a datatype of an input.

    Raises:
        SeldonError: BAD_DATA for a datatype that needs raw contents.
    """
    found = _FIELDS.get(datatype.name)
    if found is None:
        raise SeldonError(f"the input {name!r:.80} of {datatype.name} needs raw_input_contents")
    return found


def from_contents(
    datatype: Datatype, shape: Sequence[int], count: int, contents: InferTensorContents, name: str
) -> NDArray[Any]:
    """Return the array of typed contents that protobuf has parsed.

    Args:
        datatype: the tensor's.
        shape: the tensor's.
        count: the number of elements of the shape.
        contents: the tensor's.
        name: the tensor's, for messages.

    Raises:
        SeldonError: BAD_DATA for another field, another number of elements, or a number out of range.
    """
    if not count and not contents.ListFields():
        return np.empty(shape, datatype.dtype)  # also of a datatype without a field
    field = field_of(datatype, name)
    for given, _ in contents.ListFields():
        _check_field(given.name, field, datatype, name)
    values: Any = getattr(contents, field.name)
    if len(values) != count:
        raise misfit(name, shape, f"{count} elements", str(len(values)))
    if datatype.kind is TEXT:
        array = np.empty(count, object)
        array[:] = values
    else:
        array = np.fromiter(values, field.dtype, count)
        _check_range(array, datatype, name)
    return array.astype(datatype.dtype, copy=False).reshape(shape)


def from_numbers(
    datatype: Datatype, shape: Sequence[int], count: int, wire: bytes, numbers: Numbers, name: str
) -> NDArray[Any]:
    """Return the array of typed contents that are left in the request; floats are a read-only view of it.

    Raises:
        SeldonError: as :func:`from_contents`; also for invalid varints.
    """
    field = field_of(datatype, name)
    _check_field(_NAMES[numbers.field], field, datatype, name)
    start, size = numbers.place
    if datatype.kind is FLOAT:
        return from_binary(datatype, shape, count, wire, start, size, name)
    if size < count:
        raise misfit(name, shape, f"{count} elements", f"{size} at most")
    array = np.empty(count, datatype.dtype)
    filled = 0
    try:
        for piece in from_varints(np.frombuffer(wire, np.uint8, size, start)):
            if filled + piece.size > count:
                raise misfit(name, shape, f"{count} elements", "more")
            some = piece != 0 if field.dtype.kind == "b" else piece.astype(field.dtype)
            _check_range(some, datatype, name)
            array[filled : filled + piece.size] = some
            filled += piece.size
    except ValueError as error:
        raise SeldonError(f"the input {name!r:.80} has invalid {field.name}: {error}") from error
    if filled < count:
        raise misfit(name, shape, f"{count} elements", str(filled))
    return array.reshape(shape)


def contents_parts(array: NDArray[Any], datatype: Datatype) -> list[Part]:
    """Return the contents of an output, as the field of its serialized tensor."""
    field = _FIELDS[datatype.name]
    if datatype.kind is TEXT or array.size <= FEW:
        values = array.reshape(-1).tolist()
        if values and type(values[0]) is str:
            values = [text.encode() for text in values]
        contents = InferTensorContents(**{field.name: values})
        return nested(CONTENTS, [contents.SerializeToString()])
    if datatype.kind is WHOLE:
        return nested(CONTENTS, nested(field.number, to_varints(array)))
    return nested(CONTENTS, nested(field.number, [flat_binary(array, datatype)]))


def flat_binary(array: NDArray[Any], datatype: Datatype) -> Part:
    """Return the binary data of an output as bytes, or as a view of bytes."""
    data = to_binary(array, datatype)
    return data if isinstance(data, bytes) else data.cast("B")


def _check_field(given: str, field: Field, datatype: Datatype, name: str) -> None:
    if given != field.name:
        raise SeldonError(f"the input {name!r:.80} of {datatype.name} has {given}, expected {field.name}")


def _check_range(array: NDArray[Any], datatype: Datatype, name: str) -> None:
    if datatype.kind is not WHOLE or datatype.dtype.itemsize >= array.dtype.itemsize or not array.size:
        return
    for number in (int(array.min()), int(array.max())):
        if not datatype.low <= number <= datatype.high:
            raise SeldonError(
                f"the input {name!r:.80} has {number}, expected {datatype.low} to {datatype.high} "
                f"({datatype.name})"
            )
