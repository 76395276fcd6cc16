"""Conversion of ``tensorflow.TensorProto`` in protobuf JSON form to NumPy and back, without TensorFlow.

Field names, enum numbers and the rule for missing values are those of TensorFlow's
``framework/tensor.proto``, ``tensor_shape.proto`` and ``types.proto``. The protobuf JSON mapping
defines the meaning of JSON texts. Complex, quantized and resource types are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from reprlib import repr as seen
from typing import Any

import numpy as np
import numpy.typing as npt

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.limits import Limits, check_empty_shape
from seldon_runtime.protocols.base64_text import encode_base64
from seldon_runtime.protocols.v1.tensorproto_values import (
    as_list,
    bad,
    bools,
    content_of,
    floats,
    texts,
    whole,
    wholes,
)

MAX_DIMENSIONS = 32
_MAX_FILLED_VALUES = 1_000_000
"""The most elements of an array with omitted values: a few bytes of request must not make gigabytes."""
_MAX_VALUES = Limits().max_array_values


@dataclass(frozen=True, slots=True)
class _Type:
    number: int
    values: str
    """The JSON field that lists the values one by one."""
    stored: str
    """The NumPy type of one value in ``tensorContent``."""


_TYPES = {
    "DT_FLOAT": _Type(1, "floatVal", "<f4"),
    "DT_DOUBLE": _Type(2, "doubleVal", "<f8"),
    "DT_INT32": _Type(3, "intVal", "<i4"),
    "DT_UINT8": _Type(4, "intVal", "|u1"),
    "DT_INT16": _Type(5, "intVal", "<i2"),
    "DT_INT8": _Type(6, "intVal", "|i1"),
    "DT_STRING": _Type(7, "stringVal", "|O"),
    "DT_INT64": _Type(9, "int64Val", "<i8"),
    "DT_BOOL": _Type(10, "boolVal", "|u1"),
    "DT_BFLOAT16": _Type(14, "halfVal", "<u2"),
    "DT_UINT16": _Type(17, "intVal", "<u2"),
    "DT_HALF": _Type(19, "halfVal", "<u2"),
    "DT_UINT32": _Type(22, "uint32Val", "<u4"),
    "DT_UINT64": _Type(23, "uint64Val", "<u8"),
}
_NAMES_BY_NUMBER = {kind.number: name for name, kind in _TYPES.items()}
_NAMES_BY_DTYPE = {
    **{kind.stored: name for name, kind in _TYPES.items() if kind.values not in {"halfVal", "boolVal"}},
    "<f2": "DT_HALF",
    "|b1": "DT_BOOL",
}
_VALUE_FIELDS = frozenset(kind.values for kind in _TYPES.values())


def _spellings(*names: str) -> dict[str, str]:
    """Map each camelCase name and its snake_case form to the camelCase name, as JSON may use either."""
    snake = {re.sub("[A-Z]", lambda letter: "_" + letter.group().lower(), name): name for name in names}
    return {name: name for name in names} | snake


_TENSOR_FIELDS = _spellings("dtype", "tensorShape", "versionNumber", "tensorContent", *sorted(_VALUE_FIELDS))
_SHAPE_FIELDS = _spellings("dim", "unknownRank")
_DIMENSION_FIELDS = _spellings("size", "name")


def decode_tensorproto(value: object, *, where: str, max_values: int = _MAX_VALUES) -> npt.NDArray[Any]:
    """Return the array of a TensorProto, writable, in native byte order, with its shape.

    The dtype is the named one, but bfloat16 becomes float32, and text dtype object: ``str`` if every
    value is UTF-8, else ``bytes``. Like TensorFlow, the function repeats the last value if the shape
    has more elements (without values: zeros, empty text).

    Args:
        value: the parsed JSON, names in camelCase or snake_case. ``bytes`` in the place of base64 text are
            taken as they are: protobuf's own messages hold them.
        where: the place in the request, for messages, such as ``data.tftensor``.
        max_values: the most elements that the shape may have; with omitted values at most a million.

    Raises:
        SeldonError: ``BAD_DATA`` for an invalid TensorProto.
    """
    fields = _fields(value, _TENSOR_FIELDS, where)
    name = _type_name(fields.get("dtype"), f"{where}.dtype")
    shape = _shape(fields.get("tensorShape", {}), f"{where}.tensorShape")
    count = math.prod(shape)
    Limits(max_array_values=max_values).check_values(count, where)
    given = _given(fields, name, where)
    if given.size > count or (given.size < count and fields.get("tensorContent")):
        raise bad(f"{where} has {given.size} values", f"{count} for shape {list(shape)}")
    if given.size < count and count > _MAX_FILLED_VALUES:
        raise bad(
            f"{where} has {given.size} values",
            f"all {count} of its shape, because only up to {_MAX_FILLED_VALUES} values may be omitted",
        )
    try:
        return _filled(given, count, "" if name == "DT_STRING" else 0).reshape(shape)
    except ValueError as error:  # no values, but NumPy cannot count the product of the other dimensions
        raise bad(f"{where}.tensorShape is {list(shape)}", "a shape NumPy can hold") from error


def encode_tensorproto(array: npt.NDArray[Any], *, binary: bool = False) -> dict[str, Any]:
    """Return the TensorProto of an array in protobuf JSON (camelCase, sizes as text).

    Whole numbers, floats of 16 to 64 bits and bool become ``tensorContent``; text (dtypes
    ``U``, ``S``, or object holding only ``str`` and ``bytes``) becomes ``stringVal``.

    Args:
        array: the array.
        binary: True for bytes in ``tensorContent`` and ``stringVal``, as protobuf's own messages hold them;
            False for base64 text.

    Raises:
        SeldonError: ``COMPONENT_FAILED`` for any other dtype.
    """
    little = array.dtype.newbyteorder("<")
    answer: dict[str, Any] = {"tensorShape": {"dim": [{"size": str(size)} for size in array.shape]}}
    written: Callable[[bytes], bytes | str] = bytes if binary else encode_base64
    if array.dtype.kind in "USO":
        items = [written(_text_to_bytes(item)) for item in array.ravel()]
        return {"dtype": "DT_STRING", **answer, "stringVal": items}
    if little.str not in _NAMES_BY_DTYPE:
        raise _unencodable(f"an array of dtype {array.dtype}")
    content = array.astype(little, copy=False).tobytes()
    return {"dtype": _NAMES_BY_DTYPE[little.str], **answer, "tensorContent": written(content)}


def _fields(value: object, known: Mapping[str, str], where: str) -> dict[str, Any]:
    """Return the fields that are set, by camelCase names. Null means absent, as in protobuf JSON."""
    if not isinstance(value, dict):
        raise bad(f"{where} is {seen(value)}", "an object")
    fields: dict[str, Any] = {}
    for key, item in value.items():
        if key not in known:
            raise bad(f"{where} has a field {seen(key)}", f"only {', '.join(sorted(set(known.values())))}")
        if known[key] in fields:
            raise bad(f"{where} has {known[key]} in two spellings", "one of them")
        if item is not None:
            fields[known[key]] = item
    return fields


def _type_name(dtype: object, where: str) -> str:
    name = _NAMES_BY_NUMBER.get(dtype) if type(dtype) is int else dtype
    if not isinstance(name, str) or name not in _TYPES:
        raise bad(f"{where} is {seen(dtype)}", f"one of {', '.join(_TYPES)}, or its number")
    return name


def _shape(value: object, where: str) -> tuple[int, ...]:
    fields = _fields(value, _SHAPE_FIELDS, where)
    if fields.get("unknownRank", False) is not False:
        raise bad(f"{where}.unknownRank is {seen(fields['unknownRank'])}", "a known shape")
    dimensions = as_list(fields.get("dim", []), f"{where}.dim")
    if len(dimensions) > MAX_DIMENSIONS:
        raise bad(f"{where} has {len(dimensions)} dimensions", f"at most {MAX_DIMENSIONS}")
    sizes = []
    for index, dimension in enumerate(dimensions):
        place = f"{where}.dim[{index}]"
        size = whole(_fields(dimension, _DIMENSION_FIELDS, place).get("size", 0), f"{place}.size")
        if not 0 <= size < 2**63:
            raise bad(f"{place}.size is {seen(size)}", "a known size, 0 or more")
        sizes.append(size)
    if 0 in sizes:
        check_empty_shape(sizes, where)
    return tuple(sizes)


def _given(fields: dict[str, Any], name: str, where: str) -> npt.NDArray[Any]:
    """Return the values of the request, as one row."""
    kind = _TYPES[name]
    listed = sorted(
        field for field in _VALUE_FIELDS & fields.keys() if as_list(fields[field], f"{where}.{field}")
    )
    content = fields.get("tensorContent", "")
    if content not in ("", b""):
        if listed or name == "DT_STRING":
            raise bad(f"{where} of {name} has {', '.join(['tensorContent', *listed])}", f"only {kind.values}")
        return _opened(name, _from_content(content, kind.stored, f"{where}.tensorContent"))
    if any(field != kind.values for field in listed):
        raise bad(f"{where} of {name} has {', '.join(listed)}", f"only {kind.values}")
    items = fields.get(kind.values, [])
    place = f"{where}.{kind.values}"
    if name == "DT_STRING":
        return texts(items, place)
    if name == "DT_BOOL":
        return bools(items, place)
    if kind.stored in {"<f4", "<f8"}:
        return floats(items, kind.stored, place)
    return _opened(name, wholes(items, kind.stored, place))


def _from_content(content: object, stored: str, where: str) -> npt.NDArray[Any]:
    raw = content_of(content, where)
    width = np.dtype(stored).itemsize
    if len(raw) % width:
        raise bad(f"{where} has {len(raw)} bytes", f"a multiple of {width}")
    return np.frombuffer(raw, stored)


def _opened(name: str, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a writable array in native byte order from the stored values."""
    native = stored.astype(stored.dtype.newbyteorder("="))
    if name == "DT_HALF":
        return native.view(np.float16)
    if name == "DT_BFLOAT16":
        return (native.astype(np.uint32) << 16).view(np.float32)
    return native != 0 if name == "DT_BOOL" else native


def _filled(values: npt.NDArray[Any], count: int, nothing: object) -> npt.NDArray[Any]:
    if values.size == count:
        return values
    filled = np.empty(count, values.dtype)
    filled[: values.size] = values
    filled[values.size :] = values[-1] if values.size else nothing
    return filled


def _text_to_bytes(item: object) -> bytes:
    if not isinstance(item, str | bytes):
        raise _unencodable(f"an array of objects with a {type(item).__name__}")
    try:
        return item.encode() if isinstance(item, str) else item
    except UnicodeEncodeError as error:
        raise _unencodable("text that is not valid Unicode (a lone surrogate)") from error


def _unencodable(found: str) -> SeldonError:
    return SeldonError(
        f"the component returned {found}, which cannot be answered as tftensor; "
        f"expected {', '.join(_NAMES_BY_DTYPE.values())}",
        code=ErrorCode.COMPONENT_FAILED,
    )
