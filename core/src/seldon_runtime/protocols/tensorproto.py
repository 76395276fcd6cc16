"""``tensorflow.TensorProto`` in protobuf JSON form to NumPy and back, without TensorFlow.

Field names, enum numbers and the rule for missing values are those of TensorFlow's
``framework/tensor.proto``, ``tensor_shape.proto`` and ``types.proto``; what JSON texts
mean is the protobuf JSON mapping. Complex, quantized and resource types are refused.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from reprlib import repr as seen
from typing import Any

import numpy as np
import numpy.typing as npt

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.limits import Limits, check_empty_shape
from seldon_runtime.protocols.tensorproto_values import (
    as_list,
    bad,
    bools,
    floats,
    from_base64,
    texts,
    whole,
    wholes,
)

_MAX_DIMENSIONS = 32
_MAX_FILLED_VALUES = 1_000_000
"""Most elements of an array whose values are not all sent: a few bytes of request must not make gigabytes."""
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
    """Each camelCase name by itself and by its snake_case form: JSON may use either."""
    snake = {re.sub("[A-Z]", lambda letter: "_" + letter.group().lower(), name): name for name in names}
    return {name: name for name in names} | snake


_TENSOR_FIELDS = _spellings("dtype", "tensorShape", "versionNumber", "tensorContent", *sorted(_VALUE_FIELDS))
_SHAPE_FIELDS = _spellings("dim", "unknownRank")
_DIMENSION_FIELDS = _spellings("size", "name")


def decode_tensorproto(value: object, *, where: str, max_values: int = _MAX_VALUES) -> npt.NDArray[Any]:
    """The array in a TensorProto, writable, in native byte order, of the shape it states.

    The dtype is the one it names, but bfloat16 arrives as float32, and text as dtype
    object: ``str`` if every value is UTF-8, else ``bytes``. With fewer listed values than
    elements the last one is repeated (none: zeros, empty text), as TensorFlow does.

    Args:
        value: the parsed JSON, names in camelCase or snake_case.
        where: the place in the request, for messages, such as ``data.tftensor``.
        max_values: the most elements the shape may ask for; at most a million of them when not all were sent.

    Raises:
        SeldonError: ``BAD_DATA``, for anything else than a well-formed TensorProto.
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
            f"all {count} of its shape, as more than {_MAX_FILLED_VALUES} are not filled in",
        )
    try:
        return _filled(given, count, "" if name == "DT_STRING" else 0).reshape(shape)
    except ValueError as error:  # no values, but the other dimensions together are beyond what NumPy counts
        raise bad(f"{where}.tensorShape is {list(shape)}", "a shape NumPy can hold") from error


def encode_tensorproto(array: npt.NDArray[Any]) -> dict[str, Any]:
    """The TensorProto of an array, as protobuf writes it in JSON (camelCase, sizes as text).

    Whole numbers, floats of 16 to 64 bits and bool become ``tensorContent``; text (dtypes
    ``U``, ``S``, or object holding only ``str`` and ``bytes``) becomes ``stringVal``.

    Raises:
        SeldonError: ``COMPONENT_FAILED``, for any other dtype.
    """
    little = array.dtype.newbyteorder("<")
    answer: dict[str, Any] = {"tensorShape": {"dim": [{"size": str(size)} for size in array.shape]}}
    if array.dtype.kind in "USO":
        return {"dtype": "DT_STRING", **answer, "stringVal": [_text_to_wire(item) for item in array.ravel()]}
    if little.str not in _NAMES_BY_DTYPE:
        raise _unencodable(f"an array of dtype {array.dtype}")
    content = array.astype(little, copy=False).tobytes()
    return {
        "dtype": _NAMES_BY_DTYPE[little.str],
        **answer,
        "tensorContent": base64.b64encode(content).decode("ascii"),
    }


def _fields(value: object, known: Mapping[str, str], where: str) -> dict[str, Any]:
    """The fields that are set, under their camelCase names. Null means absent, as in protobuf JSON."""
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
    if len(dimensions) > _MAX_DIMENSIONS:
        raise bad(f"{where} has {len(dimensions)} dimensions", f"at most {_MAX_DIMENSIONS}")
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
    """The values that were sent, as one row."""
    kind = _TYPES[name]
    listed = sorted(
        field for field in _VALUE_FIELDS & fields.keys() if as_list(fields[field], f"{where}.{field}")
    )
    content = fields.get("tensorContent", "")
    if content != "":
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
    raw = from_base64(content, where)
    width = np.dtype(stored).itemsize
    if len(raw) % width:
        raise bad(f"{where} has {len(raw)} bytes", f"a multiple of {width}")
    return np.frombuffer(raw, stored)


def _opened(name: str, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A writable array in native byte order, from the form in which the values are stored."""
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


def _text_to_wire(item: object) -> str:
    if not isinstance(item, str | bytes):
        raise _unencodable(f"an array of objects with a {type(item).__name__}")
    try:
        raw = item.encode() if isinstance(item, str) else item
    except UnicodeEncodeError as error:
        raise _unencodable("text that is no Unicode (a lone surrogate)") from error
    return base64.b64encode(raw).decode("ascii")


def _unencodable(found: str) -> SeldonError:
    return SeldonError(
        f"the component returned {found}, which cannot be answered as tftensor; "
        f"expected {', '.join(_NAMES_BY_DTYPE.values())}",
        code=ErrorCode.COMPONENT_FAILED,
    )
