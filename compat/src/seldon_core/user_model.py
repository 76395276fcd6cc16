"""The optional base class of components, the response and exception of methods, and calls of methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import seldon_runtime
from seldon_core.components.calls import (
    client_aggregate,
    client_class_names,
    client_custom_metrics,
    client_custom_tags,
    client_feature_names,
    client_health_status,
    client_predict,
    client_route,
    client_send_feedback,
    client_transform_input,
    client_transform_output,
)
from seldon_core.components.responses import SeldonResponse
from seldon_core.env_utils import shows_metrics
from seldon_runtime import SeldonNotImplementedError

__all__ = [
    "INCLUDE_METRICS_IN_CLIENT_RESPONSE",
    "SeldonComponent",
    "SeldonNotImplementedError",
    "SeldonResponse",
    "client_aggregate",
    "client_class_names",
    "client_custom_metrics",
    "client_custom_tags",
    "client_feature_names",
    "client_health_status",
    "client_predict",
    "client_route",
    "client_send_feedback",
    "client_transform_input",
    "client_transform_output",
]

INCLUDE_METRICS_IN_CLIENT_RESPONSE = shows_metrics()


class SeldonComponent(seldon_runtime.Component):
    """A base class with every method of a component; methods that are not overridden count as missing.

    Its constructor accepts and ignores any keyword, so that a class without a constructor accepts all
    parameters.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()

    def metadata(self) -> Mapping[str, Any]:
        """Raise SeldonNotImplementedError: metadata come from ``init_metadata``."""
        raise SeldonNotImplementedError("metadata is not implemented")
