"""The identity of a component in a deployment, from the protocol's environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
"""The protocol's word for an identity that is not set."""


class ServiceType(Enum):
    """The kind of a component in a graph.

    Every endpoint is served for every type. Only OUTLIER_DETECTOR changes a method: its
    ``transform_input`` calls ``score``.
    """

    MODEL = "MODEL"
    ROUTER = "ROUTER"
    TRANSFORMER = "TRANSFORMER"
    COMBINER = "COMBINER"
    OUTLIER_DETECTOR = "OUTLIER_DETECTOR"


@dataclass(frozen=True, slots=True)
class Identity:
    """PREDICTIVE_UNIT_ID, PREDICTIVE_UNIT_IMAGE, SELDON_DEPLOYMENT_ID, PREDICTOR_ID and PREDICTOR_LABELS."""

    unit: str | None = None
    image: str | None = None
    deployment: str | None = None
    predictor: str | None = None
    predictor_labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def request_path(self) -> dict[str, str]:
        """Return the component's entry of ``meta.requestPath``; empty when it has no unit id."""
        if self.unit is None:
            return {}
        return {self.unit: self.image or f"{NOT_IMPLEMENTED}:{NOT_IMPLEMENTED}"}
