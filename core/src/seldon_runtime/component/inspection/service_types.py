"""The service types that a class fits by its methods."""

from __future__ import annotations

from collections.abc import Sequence

from seldon_runtime.component.user_object import UserObject
from seldon_runtime.inference.identity import ServiceType

METHODS_OF = {
    ServiceType.MODEL: ("predict", "infer"),
    ServiceType.ROUTER: ("route",),
    ServiceType.TRANSFORMER: ("transform_input", "transform_output"),
    ServiceType.COMBINER: ("aggregate",),
    ServiceType.OUTLIER_DETECTOR: ("score",),
}
"""The methods of each service type; a class needs one of them."""


def missing_method(user: UserObject, service_type: ServiceType, forms: Sequence[str]) -> str | None:
    """Return the method that a class lacks for its service type, such as ``route``; None when it fits.

    Args:
        user: the user's object.
        service_type: the type that the deployment gives.
        forms: the suffixes of methods that count too, such as ``_raw``; an empty one for the plain form.
    """
    required = METHODS_OF[service_type]
    return None if user.has_any(required, forms) else " or ".join(required)


def fitting_types(user: UserObject, forms: Sequence[str]) -> list[ServiceType]:
    """Return the service types whose method the class defines."""
    return [service_type for service_type, names in METHODS_OF.items() if user.has_any(names, forms)]
