"""Requests and limits of several containers, added up."""

from __future__ import annotations

import pytest

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.manifests.resources import total
from seldon_runtime_graph.spec.members import Members


def of(*resources):
    return total([Members({"resources": each}, f"containers[{i}]") for i, each in enumerate(resources)])


def test_every_resource_is_added_up():
    found = of(
        {"requests": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi", "acme.com/seats": 2}},
        {"requests": {"cpu": "250m", "ephemeral-storage": "1M"}},
    )
    assert found == {
        "requests": {
            "cpu": "1250m",
            "memory": "1024Mi",
            "ephemeral-storage": "1025Mi",
            "acme.com/seats": "2",
        },
        "limits": {"acme.com/seats": "2"},
    }


def test_a_limit_needs_one_of_every_container():
    assert of({"limits": {"cpu": 1, "memory": "1Mi"}}, {"limits": {"cpu": 2}}) == {"limits": {"cpu": "3000m"}}


@pytest.mark.parametrize("device", ["nvidia.com/gpu", "hugepages-2Mi"])
def test_a_container_without_devices_needs_none(device):
    assert of({"limits": {device: 1}}, {}, {"limits": {device: "2"}}) == {"limits": {device: "3"}}
    asked = of({"requests": {device: 1}, "limits": {device: 1}}, {"limits": {device: 4}})
    assert asked == {"requests": {device: "5"}, "limits": {device: "5"}}


@pytest.mark.parametrize(
    ("quantity", "wanted"),
    [
        (2, "2"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("12E-1", "2"),
        ("1E", str(10**18)),
        ("2P", str(2 * 10**15)),
        ("1Pi", str(1024**5)),
        ("1Ei", str(1024**6)),
        ("5n", "1"),
        ("1000u", "1"),
        ("+.5k", "500"),
        ("3.", "3"),
    ],
)
def test_quantities_have_the_forms_of_kubernetes(quantity, wanted):
    assert of({"limits": {"acme.com/seats": quantity}})["limits"] == {"acme.com/seats": wanted}


@pytest.mark.parametrize("quantity", ["", "1 Gi", "-1", "1K", "Gi", True, "1e999", "٣", [1]])
def test_other_quantities_are_refused(quantity):
    with pytest.raises(
        StartupError, match=r"containers\[0\]\.resources\.limits\.cpu is .*, expected a quantity"
    ):
        of({"limits": {"cpu": quantity}})
