"""The inputs of a component whose metadata name none, as far as its model tells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from seldon_runtime.plugin import SeldonError, Service

JsonDict = dict[str, Any]
_MOST_COLUMNS = 1000
_ARRAYS = ("tensor", "ndarray", "tftensor")


def described_inputs(service: Service) -> Sequence[Mapping[str, Any]]:
    """Return the inputs that the metadata name, in the form of v1's metadata.

    Those of the model if the metadata tell no names and no shape.

    They are for examples in the documentation; empty when neither tells any. Call it after the load.
    """
    try:
        named: Sequence[Mapping[str, Any]] = service.metadata().get("inputs") or ()
    except SeldonError:
        named = ()
    if any(item.get("schema") or item.get("messagetype") not in _ARRAYS for item in named):
        return named
    return inputs_of(service.user) or named


def inputs_of(user: object | None) -> list[JsonDict]:
    """Return inputs in the form of the metadata; empty when no model of the component tells its columns.

    Looks at the component and at its attributes for ``feature_names``, and for what fitted estimators have:
    scikit-learn's names (which XGBoost, LightGBM, CatBoost and others have too), XGBoost's and LightGBM's
    functions. Call it after ``load()``.
    """
    for model in _models(user):
        with suppress(Exception):  # libraries raise what they like for a model that is not fitted
            names, count = _columns(model)
            if names or count:
                schema = {"names": names} if names else {"shape": [count]}
                return [{"messagetype": kind, "schema": schema} for kind in ("ndarray", "tensor")]
    return []


def _models(user: object | None) -> Iterator[object]:
    """Yield the component and its attributes, of those whose class defines ``predict``."""
    if user is None:
        return
    for value in [user, *getattr(user, "__dict__", {}).values()]:
        if callable(getattr(type(value), "predict", None)):
            yield value


def _columns(model: Any) -> tuple[list[str], int]:
    """Return the names of the columns, and their number; empty and 0 when the model does not tell."""
    told = getattr(model, "feature_names_in_", None)
    if told is None and isinstance(own := getattr(model, "feature_names", None), list | tuple):
        told = own
    names = [str(name) for name in ([] if told is None else told)]
    count = getattr(model, "n_features_in_", 0)
    for function in ("num_features", "num_feature"):
        if not count and callable(own := getattr(model, function, None)):
            count = own()
    fits = isinstance(count, int) and 0 < count <= _MOST_COLUMNS
    return (names if 0 < len(names) <= _MOST_COLUMNS else []), (count if fits else 0)
