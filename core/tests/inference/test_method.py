"""The methods: those of user classes, and the words that the protocol has for them."""

from __future__ import annotations

from seldon_runtime.inference.method import EMPTY_REQUESTS, USER_METHODS, Method


def test_every_method_but_metadata_is_a_users() -> None:
    assert set(Method) - set(USER_METHODS) == {Method.METADATA}
    assert {Method.HEALTH_STATUS, Method.METADATA} == EMPTY_REQUESTS


def test_every_method_has_a_label_of_its_own() -> None:
    assert len({method.label for method in Method}) == len(Method)
    assert Method.TRANSFORM_INPUT.label == "inputtransform"


def test_methods_are_found_in_sets_and_dicts() -> None:
    assert {method: method.value for method in Method}[Method("route")] == "route"
