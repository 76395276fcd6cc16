"""The component's metadata document: name, versions, platform, inputs, outputs, custom.

Schema of the Seldon v1 protocol's ``/metadata``. Three layers, the later ones replacing
whole keys: defaults from the image, ``init_metadata()``, MODEL_METADATA.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from reprlib import repr as seen
from typing import Any

from seldon_runtime.errors import ErrorCode, SeldonError, StartupError

logger = logging.getLogger(__name__)

_MOST_PARTS = 100_000
_ARRAYS = ("tensor", "ndarray", "tftensor")
_JSON = ("jsonData", "customData")
_PLAIN = ("strData", "binData")
_DATATYPES = (
    *("BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"),
    *("FP16", "FP32", "FP64", "BYTES"),
)


def describe(identity_image: str | None, from_component: object, from_environment: str) -> dict[str, Any]:
    """The metadata document, checked, made of plain JSON values only.

    Args:
        identity_image: PREDICTIVE_UNIT_IMAGE, the default of name and versions.
        from_component: what ``init_metadata()`` returned; None when there is none.
            Anything but a mapping is ignored with a warning.
        from_environment: MODEL_METADATA, a mapping in JSON or YAML. Broken text is
            ignored with a warning.

    Raises:
        SeldonError: BAD_METADATA, naming the key and its source; the component can serve all the same.
        StartupError: MODEL_METADATA is a list or a single value, or is YAML and PyYAML is not installed.
    """
    name, version = split_image(identity_image or "")
    document: dict[str, Any] = {
        "name": name,
        "versions": [version],
        "platform": "",
        "inputs": [],
        "outputs": [],
        "custom": {},
    }
    layers = {
        "init_metadata()": _component_layer(from_component),
        "MODEL_METADATA": _environment_layer(from_environment),
    }
    given = {key: (value, source) for source, layer in layers.items() for key, value in layer.items()}
    for key, (value, source) in given.items():
        if key not in _CHECKS:
            raise _bad(f"metadata from {source} has a key {seen(key)}", f"only {', '.join(_CHECKS)}")
        document[key] = _CHECKS[key](value, f"metadata from {source}: {key}")
    return document


def split_image(image: str) -> tuple[str, str]:
    """Name and version of a container image; the version is empty when there is no tag.

    >>> split_image("registry:5000/team/model:1.2")
    ('registry:5000/team/model', '1.2')
    >>> split_image("registry:5000/team/model")
    ('registry:5000/team/model', '')
    """
    name, colon, tag = image.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (image, "")


def _component_layer(given: object) -> Mapping[Any, Any]:
    if isinstance(given, Mapping):
        return given
    if given is not None:
        logger.warning("init_metadata() returned a %s, expected a dict: it is ignored", type(given).__name__)
    return {}


def _environment_layer(text: str) -> Mapping[Any, Any]:
    try:
        given = _parsed(text)
    except ValueError as error:
        logger.warning("MODEL_METADATA is ignored, as it is neither JSON nor YAML: %s", error)
        return {}
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise StartupError(
            f'MODEL_METADATA is {seen(given)}, expected a mapping such as {{"name": "my-model"}}'
        )
    return given


def _parsed(text: str) -> Any:
    """JSON, else YAML; None for an empty text. Raises ValueError when it is neither."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        import yaml  # only this setting needs it: most deployments give JSON or nothing
    except ImportError as error:
        raise StartupError(
            "MODEL_METADATA is no JSON, and PyYAML, which reads YAML, is not installed: "
            "pip install seldon-runtime[yaml], or write it as JSON"
        ) from error
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    except Exception as error:  # PyYAML's tags raise anything for a text that they do not fit
        raise ValueError(f"{type(error).__name__}: {error}") from error
    _check_expansion(given)
    return given


def _check_expansion(given: Any) -> None:
    """A short YAML text may repeat its parts without end, or contain itself. Raises ValueError."""
    parts, count = [given], 0
    while parts:
        part = parts.pop()
        inner = part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ()
        count += len(inner)
        if count > _MOST_PARTS:
            raise ValueError(f"its aliases come to more than {_MOST_PARTS} values")
        parts.extend(inner)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise _bad(f"{where} is {seen(value)}", "text (in YAML, quote numbers and dates)")
    return value


def _texts(value: object, where: str) -> list[str]:
    return [_text(item, f"{where}[{index}]") for index, item in enumerate(_list(value, where))]


def _whole_numbers(value: object, where: str) -> list[int]:
    items = _list(value, where)
    for item in items:
        if type(item) is not int:
            raise _bad(f"{where} has {seen(item)}", "whole numbers")
    return items


def _custom(value: object, where: str) -> dict[str, str]:
    entries = _mapping(value, where)
    return {
        _text(key, f"{where}, key {seen(key)},"): _text(item, f"{where}[{seen(key)}]")
        for key, item in entries.items()
    }


def _tensors(value: object, where: str) -> list[dict[str, Any]]:
    return [_tensor(item, f"{where}[{index}]") for index, item in enumerate(_list(value, where))]


def _tensor(value: object, where: str) -> dict[str, Any]:
    entry = _mapping(value, where)
    if "messagetype" not in entry:
        return _v2_tensor(entry, where)
    kind = _one_of((*_ARRAYS, *_JSON, *_PLAIN), entry["messagetype"], f"{where}.messagetype")
    _only(entry, ("messagetype",) if kind in _PLAIN else ("messagetype", "schema"), f"{where} ({kind})")
    if "schema" not in entry:
        return {"messagetype": kind}
    schema = _array_schema if kind in _ARRAYS else _plain_json
    return {"messagetype": kind, "schema": schema(entry["schema"], f"{where}.schema")}


def _array_schema(value: object, where: str) -> dict[str, Any]:
    schema = _mapping(value, where)
    _only(schema, ("names", "shape"), where)
    checks: dict[str, _Check] = {"names": _texts, "shape": _whole_numbers}
    return {key: checks[key](item, f"{where}.{key}") for key, item in schema.items()}


def _v2_tensor(entry: Mapping[Any, Any], where: str) -> dict[str, Any]:
    """A tensor as the Open Inference Protocol describes it."""
    _only(entry, ("name", "datatype", "shape"), where)
    if len(entry) < 3:
        raise _bad(
            f"{where} has only {', '.join(entry) or 'nothing'}",
            "messagetype, or all of name, datatype, shape",
        )
    return {
        "name": _text(entry["name"], f"{where}.name"),
        "datatype": _one_of(_DATATYPES, entry["datatype"], f"{where}.datatype"),
        "shape": _whole_numbers(entry["shape"], f"{where}.shape"),
    }


def _one_of(choices: Sequence[str], value: object, where: str) -> str:
    if not isinstance(value, str) or value not in choices:
        raise _bad(f"{where} is {seen(value)}", f"one of {', '.join(choices)}")
    return value


def _plain_json(value: object, where: str) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise _bad(
            f"{where} cannot be written as JSON ({error})", "plain values, lists and mappings"
        ) from error


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _bad(f"{where} is {seen(value)}", "a list")
    return list(value)


def _mapping(value: object, where: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise _bad(f"{where} is {seen(value)}", "a mapping")
    return value


def _only(entry: Mapping[Any, Any], known: Sequence[str], where: str) -> None:
    for key in entry:
        if key not in known:
            raise _bad(f"{where} has a key {seen(key)}", f"only {', '.join(known)}")


def _bad(problem: str, expected: str) -> SeldonError:
    return SeldonError(f"{problem}, expected {expected}", code=ErrorCode.BAD_METADATA)


_Check = Callable[[object, str], Any]
_CHECKS: dict[str, _Check] = {
    "name": _text,
    "versions": _texts,
    "platform": _text,
    "inputs": _tensors,
    "outputs": _tensors,
    "custom": _custom,
}
