"""A neutral answer as outputs and parameters of V2."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import ARRAYS, DATA_KINDS, ErrorCode, Kind, Message, Payload, SeldonError
from seldon_runtime.protocols.arrays import object_array
from seldon_runtime.protocols.exact_arrays import exact_array
from seldon_runtime.protocols.libraries.tensors import is_of_library, known
from seldon_runtime.protocols.non_finite import NonFinite, finite
from seldon_runtime_v2.mapping.declared_inputs import check_outputs
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.tensors import NONE, OutputTensor, Parameter
from seldon_runtime_v2.tensors.datatypes import BYTES, FLOAT, TEXT, WHOLE, Datatype, datatype_of
from seldon_runtime_v2.tensors.elements import from_elements

_ELEMENTS = "OUSMmT"
"""The kinds of NumPy's types whose arrays hold text, dates, durations or objects."""
_INT64, _UINT64 = -(2**63), 2**64 - 1
"""The least and the greatest whole number of a parameter."""
OUTPUT = "output-0"
"""The name of an output that the model does not declare."""


def outputs_of(model: ServedModel, answer: Message, requested: Sequence[str] | None) -> list[OutputTensor]:
    """Return the requested outputs in their order, or all.

    Raises:
        SeldonError: BAD_DATA for a requested output that the answer lacks; COMPONENT_FAILED when V2 cannot
            hold the answer.
    """
    payload = answer.payload
    assert payload is not None
    arrays = _arrays(payload, next(iter(model.outputs), OUTPUT), model.non_finite)
    parameters = _names(payload) if payload.names and len(arrays) == 1 else NONE
    if requested is not None:
        missing = next((name for name in requested if name in model.outputs and name not in arrays), None)
        if missing is not None:
            raise SeldonError(
                f"the component's answer has no output {missing!r:.80}, which the model declares",
                code=ErrorCode.COMPONENT_FAILED,
            )
        check_outputs(requested, arrays)
        arrays = {name: arrays[name] for name in requested}
    return [_output(model, name, array, parameters) for name, array in arrays.items()]


def parameters_of(answer: Message, non_finite: NonFinite = NonFinite.NULL) -> dict[str, Parameter]:
    """Return the answer's tags as parameters: lists, objects and numbers beyond 64 bits as JSON text.

    Raises:
        SeldonError: COMPONENT_FAILED for NaN or an infinity in JSON text if ``non_finite`` forbids them.
    """
    return {
        name: _parameter(name, value, non_finite)
        for name, value in answer.meta.tags.items()
        if value is not None
    }


def _parameter(name: str, value: Any, non_finite: NonFinite) -> Parameter:
    is_plain = isinstance(value, str | float) or (isinstance(value, int) and _INT64 <= value <= _UINT64)
    _check_text(name, "the tag")
    found: Parameter = value if is_plain else _json_text(value, f"the tag {name!r:.80}", non_finite)
    if isinstance(found, str):
        _check_text(found, f"the tag {name!r:.80}:")
    return found


def _json_text(value: Any, what: str, non_finite: NonFinite) -> str:
    try:
        return json.dumps(finite(value, non_finite), ensure_ascii=False)
    except ValueError as error:
        raise SeldonError(f"{what}: {error}", code=ErrorCode.COMPONENT_FAILED) from error


def _arrays(payload: Payload, name: str, non_finite: NonFinite) -> Mapping[str, NDArray[Any]]:
    if payload.kind is ARRAYS:
        return payload.value  # type: ignore[no-any-return]
    value = payload.value
    if payload.kind in DATA_KINDS:
        return {name: value if isinstance(value, np.ndarray) else _of_list(value)}
    if payload.kind is Kind.JSON:
        value = _json_text(value, "the component's answer", non_finite)
    elif payload.kind is Kind.CUSTOM:
        raise _failed(name, "a message of another protocol")
    return {name: object_array([value])}


def _of_list(values: Any) -> NDArray[Any]:
    """Return a list of plain values as an array, of which ragged rows are the elements."""
    try:
        array = exact_array(values)
        return np.array(values, object) if array.dtype.kind == "U" else array
    except (ValueError, OverflowError):
        return object_array(values)


def _names(payload: Payload) -> Mapping[str, Parameter]:
    """Return the names of the columns as a parameter; not those that the runtime made itself."""
    names = [str(name) for name in payload.names or ()]
    is_own = any(name != f"t:{index}" for index, name in enumerate(names))
    if not is_own:
        return NONE
    joined = ",".join(names)
    _check_text(joined, "the column names")
    return {"names": joined}


def _output(
    model: ServedModel, name: str, array: NDArray[Any], parameters: Mapping[str, Parameter]
) -> OutputTensor:
    if array.dtype.kind in _ELEMENTS or array.dtype.names:
        array = from_elements(array, name, model.non_finite)
    _check_text(name, "the output name")
    datatype = datatype_of(array)
    if datatype is None and is_of_library(array.dtype):  # such as float8
        array = known(array)
        datatype = datatype_of(array)
    if datatype is None:
        raise _failed(name, f"an array of {array.dtype}")
    declared = model.outputs.get(name) if model.outputs else None
    if declared is not None and declared.datatype is not datatype:
        array, datatype = _declared(name, array, datatype, declared.datatype)
    if array.dtype is not datatype.dtype and array.dtype != datatype.dtype:  # swapped, or a wider float
        array = array.astype(datatype.dtype)
    return OutputTensor(name, datatype, array, parameters)


def _check_text(text: str, what: str) -> None:
    """Raise SeldonError for half of a surrogate pair, which no wire format can hold."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SeldonError(
            f"the component's answer has {what} {text!r:.80} with a lone surrogate, expected Unicode text",
            code=ErrorCode.COMPONENT_FAILED,
        ) from error


def _declared(
    name: str, array: NDArray[Any], found: Datatype, wanted: Datatype
) -> tuple[NDArray[Any], Datatype]:
    """Return an array of numbers, or one without elements, in the datatype that the model declares for it."""
    if not array.size:
        return array.astype(wanted.dtype), wanted
    if wanted.kind is FLOAT and found.kind in (FLOAT, WHOLE):
        with np.errstate(over="ignore"):
            converted = array.astype(wanted.dtype)
        if np.isinf(converted).any() and (np.isinf(converted) != np.isinf(array)).any():
            raise _failed(name, f"a number beyond the declared {wanted.name}")
        return converted, wanted
    if wanted.kind is WHOLE and found.kind is WHOLE and array.size:
        is_within = wanted.low <= int(array.min()) and int(array.max()) <= wanted.high
        if is_within:
            return array.astype(wanted.dtype), wanted
        raise _failed(name, f"a number beyond the declared {wanted.name}")
    if wanted.kind is found.kind or (wanted is BYTES and found.kind is TEXT):
        return array.astype(wanted.dtype), wanted
    raise _failed(name, f"{found.name} in place of the declared {wanted.name}")


def _failed(name: str, found: str) -> SeldonError:
    return SeldonError(
        f"the component's output {name!r:.80} is {found}, which V2 cannot answer",
        code=ErrorCode.COMPONENT_FAILED,
    )
