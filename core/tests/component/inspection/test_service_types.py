"""The service types that a class fits."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_runtime.component.inspection.service_types import fitting_types, missing_method
from seldon_runtime.component.user_object import UserObject
from seldon_runtime.inference.identity import ServiceType

FORMS = ("", "_raw")


def having(*names: str) -> UserObject:
    def method(self: Any) -> None:
        """Do nothing."""

    return UserObject(type("User", (), dict.fromkeys(names, method))())


@pytest.mark.parametrize(
    ("service_type", "missing"),
    [
        (ServiceType.MODEL, "predict or infer"),
        (ServiceType.TRANSFORMER, "transform_input or transform_output"),
        (ServiceType.OUTLIER_DETECTOR, "score"),
    ],
)
def test_the_missing_method_is_the_one_of_the_service_type(service_type: ServiceType, missing: str) -> None:
    assert missing_method(having("route"), service_type, FORMS) == missing


def test_each_form_of_a_method_counts() -> None:
    assert missing_method(having("route_raw"), ServiceType.ROUTER, FORMS) is None
    assert missing_method(having("route_rest"), ServiceType.ROUTER, FORMS) == "route"


def test_a_class_may_fit_several_types_or_none() -> None:
    assert fitting_types(having("predict", "transform_output"), FORMS) == [
        ServiceType.MODEL,
        ServiceType.TRANSFORMER,
    ]
    assert fitting_types(having("fit"), FORMS) == []
