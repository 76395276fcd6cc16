"""Calls of a component's methods, as tests and other components make them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from seldon_core.components.responses import SeldonResponse
from seldon_runtime import SeldonNotImplementedError

Names = Iterable[str] | None


def client_predict(user_model: object, features: Any, feature_names: Names, **kwargs: Any) -> SeldonResponse:
    """Return the response of ``predict``; an empty list if it is not implemented."""
    return SeldonResponse.create(
        _called(user_model, "predict", (features, feature_names), kwargs, default=[])
    )


def client_transform_input(
    user_model: object, features: Any, feature_names: Names, **kwargs: Any
) -> SeldonResponse:
    """Return the response of ``transform_input``; the features if it is not implemented."""
    result = _called(user_model, "transform_input", (features, feature_names), kwargs, default=features)
    return SeldonResponse.create(result)


def client_transform_output(
    user_model: object, features: Any, feature_names: Names, **kwargs: Any
) -> SeldonResponse:
    """Return the response of ``transform_output``; the features if it is not implemented."""
    result = _called(user_model, "transform_output", (features, feature_names), kwargs, default=features)
    return SeldonResponse.create(result)


def client_route(user_model: object, features: Any, feature_names: Names, **kwargs: Any) -> SeldonResponse:
    """Return the response of ``route``.

    Raises:
        SeldonNotImplementedError: the component has no ``route``.
    """
    return SeldonResponse.create(_called(user_model, "route", (features, feature_names), kwargs))


def client_aggregate(
    user_model: object, features_list: Sequence[Any], feature_names_list: Sequence[Any]
) -> SeldonResponse:
    """Return the response of ``aggregate``.

    Raises:
        SeldonNotImplementedError: the component has no ``aggregate``.
    """
    return SeldonResponse.create(_called(user_model, "aggregate", (features_list, feature_names_list), {}))


def client_send_feedback(
    user_model: object, features: Any, feature_names: Names, reward: float, truth: Any, routing: int | None
) -> SeldonResponse | None:
    """Return the response of ``send_feedback``; None if it returned None or is not implemented."""
    arguments = (features, feature_names, reward, truth)
    result = _called(user_model, "send_feedback", arguments, {"routing": routing}, default=None)
    return None if result is None else SeldonResponse.create(result)


def client_health_status(user_model: object) -> Any:
    """Return the result of ``health_status``.

    Raises:
        SeldonNotImplementedError: the component has no ``health_status``.
    """
    return _called(user_model, "health_status", (), {})


def client_class_names(user_model: object, predictions: np.ndarray[Any, Any]) -> Names:
    """Return ``class_names``; else ``t:0``, ``t:1`` and so on for results of two dimensions or more."""
    if predictions.ndim < 2:
        return []
    names: Names = _value(user_model, "class_names", [f"t:{i}" for i in range(predictions.shape[1])])
    return names


def client_feature_names(user_model: object, original: Names) -> Names:
    """Return ``feature_names``; the original names if it is not implemented."""
    names: Names = _value(user_model, "feature_names", original)
    return names


def client_custom_tags(user_model: object) -> Mapping[str, Any]:
    """Return ``tags``; an empty dict if it is not implemented."""
    tags: Mapping[str, Any] = _value(user_model, "tags", {})
    return tags


def client_custom_metrics(user_model: object, *_: Any, **__: Any) -> Sequence[Mapping[str, Any]]:
    """Return ``metrics``; an empty list if it is not implemented. Further arguments are ignored."""
    metrics: Sequence[Mapping[str, Any]] = _value(user_model, "metrics", [])
    return metrics


def _value(user: object, name: str, default: Any) -> Any:
    """Return the value of an attribute or of a method without arguments."""
    value = getattr(user, name, default)
    return _called(user, name, (), {}, default=default) if callable(value) else value


def _called(
    user: object, name: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any], **otherwise: Any
) -> Any:
    """Return the method's result, or the default if it is not implemented.

    The keywords are left out when the method does not take them.
    """
    try:
        method = getattr(user, name, None)
        if method is None:
            raise SeldonNotImplementedError(f"{name} is not implemented")
        if keywords and not _takes(method, arguments, keywords):
            keywords = {}
        return method(*arguments, **keywords)
    except SeldonNotImplementedError:
        if "default" in otherwise:
            return otherwise["default"]
        raise


def _takes(method: Any, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> bool:
    try:
        inspect.signature(method).bind(*arguments, **keywords)
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True
