"""The documents of a YAML or JSON file, and the SeldonDeployment among them. The file is not trusted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.spec.members import Members

KIND = "SeldonDeployment"
_GROUP = "machinelearning.seldon.io"
VERSIONS = (f"{_GROUP}/v1", f"{_GROUP}/v1alpha2", f"{_GROUP}/v1alpha3")
_MOST_BYTES = 1_500_000
"""A cluster's store takes no larger object."""
_MOST_VALUES = 100_000
"""The most values, those behind YAML aliases counted at each place."""
_MOST_BITS = 4096
_MOST_DEPTH = 600
"""The limit of the whole file: a graph nests an object and a list for each level."""


def deployment_of(file: Path) -> Members:
    """Return the one SeldonDeployment of a file.

    The file may hold several YAML documents and kubectl's lists; documents of other kinds are passed over.

    Raises:
        StartupError: the file cannot be read, is too large, or does not hold exactly one.
    """
    documents = list(_documents(file))
    found = [each for each in documents if _is_deployment(each)]
    if len(found) == 1:
        deployment = Members(found[0], "")
        version = deployment.text("apiVersion")
        if version is not None and version not in VERSIONS:
            deployment.refuse(f"is {version!r:.80}, expected one of {', '.join(VERSIONS)}", "apiVersion")
        return deployment
    if found:
        names = [_name_of(each) for each in found]
        raise StartupError(f"the file holds {len(found)} SeldonDeployments, {names!r:.200}, expected one")
    kinds = [str(each.get("kind")) if isinstance(each, dict) else "no object" for each in documents]
    raise StartupError(f"the file holds {', '.join(kinds)[:200] or 'nothing'}, expected kind: {KIND}")


def _name_of(document: Any) -> Any:
    metadata = document.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None


def _is_deployment(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    spec = document.get("spec")
    has_predictors = isinstance(spec, dict) and "predictors" in spec
    return document.get("kind") == KIND or ("kind" not in document and has_predictors)


def _documents(file: Path) -> Iterator[Any]:
    waiting = _parsed(file)
    for document in waiting:
        if isinstance(document, dict) and str(document.get("kind")).endswith("List"):
            items = document.get("items")
            yield from items if isinstance(items, list) else ()
        elif document is not None:
            yield document


def _parsed(file: Path) -> list[Any]:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise StartupError(f"the file cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise StartupError(f"the file is not UTF-8 text: {error}") from None
    if len(content) > _MOST_BYTES:
        raise StartupError(f"the file has more than {_MOST_BYTES} bytes, which no cluster accepts either")
    documents = _documents_of(text, is_json=file.suffix.lower() == ".json")
    for document in documents:
        _check_size(document)
    return documents


def _documents_of(text: str, *, is_json: bool) -> list[Any]:
    """Return the documents of JSON, or of YAML, which JSON is most often too, but for its depth."""
    if is_json:
        return _json(text)
    if text.lstrip()[:1] != "{":
        return _yaml(text)
    try:
        return _json(text)
    except StartupError as error:
        try:
            return _yaml(text)
        except StartupError as also:
            raise StartupError(f"{error}; {also}") from None


def _json(text: str) -> list[Any]:
    try:
        return [json.loads(text, object_pairs_hook=_unique)]
    except (ValueError, RecursionError) as error:
        raise StartupError(f"the file is not valid JSON: {error}") from None


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; a member that stands twice would hide the first one, such as children."""
    made = dict(members)
    if len(made) < len(members):
        name, _ = Counter(name for name, _ in members).most_common(1)[0]
        raise ValueError(f"an object has the member {name!r:.80} twice")
    return made


def _yaml(text: str) -> list[Any]:
    from seldon_runtime_graph.spec.yaml_documents import documents_of

    return documents_of(text)


def _check_size(document: Any) -> None:
    """Refuse what a few aliases would make huge, and an alias to an object around itself."""
    waiting = [(document, 0)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        if depth > _MOST_DEPTH:
            raise StartupError(f"the file nests more than {_MOST_DEPTH} objects and lists")
        members = [*value, *value.values()] if isinstance(value, dict) else value
        if not isinstance(members, list):
            _check_number(value)
            continue
        seen += len(value)
        if seen > _MOST_VALUES:
            raise StartupError(f"the file has more than {_MOST_VALUES} values, aliases included")
        waiting.extend((member, depth + 1) for member in members)


def _check_number(value: Any) -> None:
    """Refuse a number that Python does not write in decimals, so that no message could have it."""
    if type(value) is int and value.bit_length() > _MOST_BITS:
        raise StartupError(
            f"the file has a whole number of {value.bit_length()} bits, at most {_MOST_BITS} are accepted"
        )
