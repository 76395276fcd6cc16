"""Who this component is in a deployment, as the protocol's environment variables say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
"""The protocol's word for an identity that is not set."""


class ServiceType(Enum):
    """What the component is in a graph. Every endpoint is served for every type;
    only OUTLIER_DETECTOR changes a method: its ``transform_input`` is ``score``."""

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
        """What this component adds to ``meta.requestPath``: nothing when it has no unit id."""
        if self.unit is None:
            return {}
        return {self.unit: self.image or f"{NOT_IMPLEMENTED}:{NOT_IMPLEMENTED}"}
