"""Who a component is, and what that adds to the request path."""

from __future__ import annotations

import pytest

from seldon_runtime.inference.identity import Identity, ServiceType


@pytest.mark.parametrize(
    ("identity", "path"),
    [
        (Identity(), {}),
        (Identity(image="i:1"), {}),
        (Identity(unit="u"), {"u": "NOT_IMPLEMENTED:NOT_IMPLEMENTED"}),
        (Identity(unit="u", image="i:1"), {"u": "i:1"}),
        (Identity(unit="u", image=""), {"u": "NOT_IMPLEMENTED:NOT_IMPLEMENTED"}),
    ],
)
def test_the_request_path_needs_a_unit_id(identity: Identity, path: dict[str, str]) -> None:
    assert identity.request_path == path


def test_service_types_are_the_protocols() -> None:
    names = ["MODEL", "ROUTER", "TRANSFORMER", "COMBINER", "OUTLIER_DETECTOR"]
    assert [kind.value for kind in ServiceType] == names
