"""The metadata document of a component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seldon_core.env_utils import identity
from seldon_runtime import SeldonError
from seldon_runtime.plugin import embedded_predictor


class SeldonInvalidMetadataError(Exception):
    """A document that does not fit the schema of metadata."""


def validate_model_metadata(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole document: ``data``, and defaults for missing members.

    Raises:
        SeldonInvalidMetadataError: a member is unknown or has a wrong type.
        TypeError: ``data`` is not a mapping.
    """
    if not isinstance(data, Mapping):
        raise TypeError(f"the metadata is a {type(data).__name__}, expected a mapping")
    try:
        return embedded_predictor(_Described(data), identity()).metadata()
    except SeldonError as error:
        raise SeldonInvalidMetadataError(error.message) from error


class _Described:
    """A component with this document."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def init_metadata(self) -> Mapping[str, Any]:
        """Return the document."""
        return self._data
