"""The component's metadata document: name, versions, platform, inputs, outputs, custom.

It follows the schema of the Seldon v1 protocol's ``/metadata``. Four layers, of which later ones
override whole keys: defaults from the image, type hints, ``init_metadata()``, MODEL_METADATA.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from reprlib import repr as seen
from types import MappingProxyType
from typing import Any, get_args

from seldon_runtime.errors import ErrorCode, SeldonError, StartupError
from seldon_runtime.settings.validation import Invalid, validated

logger = logging.getLogger(__name__)

_MOST_PARTS = 100_000
_WORDS = {str: "text (in YAML, quote numbers and dates)"}


def describe(
    identity_image: str | None,
    from_component: object,
    from_environment: str,
    from_hints: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the metadata document, validated, made of plain JSON values only.

    Args:
        identity_image: PREDICTIVE_UNIT_IMAGE, the default of name and versions.
        from_component: result of ``init_metadata()``; None if the class does not define it.
            Anything but a mapping is ignored with a warning.
        from_environment: MODEL_METADATA, a mapping in JSON or YAML. Broken text is
            ignored with a warning.
        from_hints: inputs and outputs by the type hints of the component's method.

    Raises:
        SeldonError: BAD_METADATA, naming the key and its source; the component can serve nevertheless.
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
        "type hints": from_hints,
        "init_metadata()": _component_layer(from_component),
        "MODEL_METADATA": _environment_layer(from_environment),
    }
    given = {key: (value, source) for source, layer in layers.items() for key, value in layer.items()}
    for key, (value, source) in given.items():
        if key not in document:
            raise _bad(f"metadata from {source} has a key {seen(key)}, expected only {', '.join(document)}")
        document[key] = _checked(key, value, f"metadata from {source}: {key}")
    return document


def split_image(image: str) -> tuple[str, str]:
    """Return name and version of a container image; the version is empty without a tag.

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
        logger.warning("init_metadata() returned a %s, expected a dict; it is ignored", type(given).__name__)
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
    """Return the value of JSON, else of YAML; None for an empty text. Raise ValueError for other text."""
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
            "MODEL_METADATA is not JSON, and PyYAML, which reads YAML, is not installed. "
            "Install it with: pip install seldon-runtime[yaml], or write MODEL_METADATA as JSON"
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
    """Raise ValueError if aliases make a short YAML text very large, or endless."""
    parts, count = [given], 0
    while parts:
        part = parts.pop()
        inner = part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ()
        count += len(inner)
        if count > _MOST_PARTS:
            raise ValueError(f"its aliases expand to more than {_MOST_PARTS} values")
        parts.extend(inner)


def _checked(key: str, value: object, where: str) -> Any:
    """Return one member of the document, made of plain JSON values that nobody else holds."""
    try:
        if key in ("name", "platform"):
            return validated(value, str, where, words=_WORDS)
        if key == "versions":
            return validated(value, list[str], where, words=_WORDS)
        if key == "custom":
            entries = validated(value, dict[Any, Any], where).items()
            return {
                validated(name, str, f"{where}, key {seen(name)},", words=_WORDS): validated(
                    item, str, f"{where}[{seen(name)}]", words=_WORDS
                )
                for name, item in entries
            }
        items = validated(value, list[Any], where)
        return [_tensor(item, f"{where}[{index}]") for index, item in enumerate(items)]
    except Invalid as error:
        raise _bad(str(error)) from None


def _tensor(value: object, where: str) -> dict[str, Any]:
    from msgspec import to_builtins

    from seldon_runtime.component import metadata_schema as schema

    entry = validated(value, dict[Any, Any], where)
    kind: type[Any] = schema.V2Tensor
    if not entry:
        return {}
    if "messagetype" in entry:
        kinds = {
            **dict.fromkeys(get_args(schema.Array), schema.ArrayTensor),
            **dict.fromkeys(get_args(schema.Json), schema.JsonTensor),
            **dict.fromkeys(get_args(schema.Plain), schema.PlainTensor),
        }
        messagetype = validated(entry["messagetype"], str, f"{where}.messagetype", words=_WORDS)
        kind = kinds.get(messagetype, schema.CustomTensor)
    elif missing := [name for name in kind.__struct_fields__ if name not in entry]:
        raise Invalid(f"{where} has no {missing[0]!r}, expected messagetype, or all of name, datatype, shape")
    checked: dict[str, Any] = to_builtins(validated(entry, kind, where, words=_WORDS), enc_hook=str)
    if "schema" in entry and kind in (schema.JsonTensor, schema.CustomTensor):
        checked["schema"] = _plain_json(entry["schema"], f"{where}.schema")
    return checked


def _plain_json(value: object, where: str) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(
            f"{where} cannot be written as JSON ({error}), expected plain values, lists and mappings"
        ) from error


def _bad(message: str) -> SeldonError:
    return SeldonError(message, code=ErrorCode.BAD_METADATA)
