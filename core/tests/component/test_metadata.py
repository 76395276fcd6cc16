"""The metadata document: defaults, the component's own, the environment's, and what is refused."""

from __future__ import annotations

import json
import logging
import sys
from types import MappingProxyType
from typing import Any

import pytest

from seldon_runtime.component.metadata import describe, split_image
from seldon_runtime.errors import ErrorCode, SeldonError, StartupError

DEFAULTS = {"name": "", "versions": [""], "platform": "", "inputs": [], "outputs": [], "custom": {}}
GOOD = {
    "name": "good-model",
    "versions": ["v1", "v2"],
    "platform": "own",
    "inputs": [{"messagetype": "tensor", "schema": {"names": ["a", "b"], "shape": [2]}}],
    "outputs": [{"messagetype": "tensor", "schema": {"shape": [1]}}],
    "custom": {"team": "blue"},
}


def refusal(from_component: object) -> str:
    with pytest.raises(SeldonError) as caught:
        describe(None, from_component, "")
    assert caught.value.code is ErrorCode.BAD_METADATA
    return str(caught.value)


def test_without_anything_the_document_is_empty() -> None:
    assert describe(None, None, "") == DEFAULTS


@pytest.mark.parametrize(
    ("image", "name", "version"),
    [
        ("team/model:1.2", "team/model", "1.2"),
        ("model", "model", ""),
        ("registry:5000/team/model", "registry:5000/team/model", ""),
        ("registry:5000/team/model:1.2", "registry:5000/team/model", "1.2"),
        ("", "", ""),
    ],
)
def test_name_and_version_come_from_the_image(image: str, name: str, version: str) -> None:
    assert split_image(image) == (name, version)
    assert describe(image, None, "") == {**DEFAULTS, "name": name, "versions": [version]}


def test_the_component_says_it_all() -> None:
    assert describe("image:1", GOOD, "") == GOOD
    assert describe("image:1", MappingProxyType(GOOD), "{}") == GOOD


def test_what_the_component_leaves_out_is_the_default() -> None:
    assert describe("image:1", {"name": "only-name"}, "") == {
        **DEFAULTS,
        "name": "only-name",
        "versions": ["1"],
    }
    assert describe(None, {"versions": []}, "") == {**DEFAULTS, "versions": []}


@pytest.mark.parametrize("text", ['{"name": "e", "custom": {"a": "b"}}', "name: e\ncustom:\n  a: b\n"])
def test_the_environment_replaces_whole_keys_in_json_and_in_yaml(text: str) -> None:
    assert describe(None, GOOD, text) == {**GOOD, "name": "e", "custom": {"a": "b"}}


@pytest.mark.parametrize("text", ["", " \n", "# nothing\n", "null", "{}"])
def test_an_environment_without_anything_changes_nothing(text: str) -> None:
    assert describe(None, GOOD, text) == GOOD


@pytest.mark.parametrize(
    "text", ["a: [1", "{", "name: 2026-13-45", "[" * 100_000, "!!bool x", "!!timestamp x"]
)
def test_broken_text_in_the_environment_is_ignored_with_a_warning(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert describe(None, GOOD, text) == GOOD
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "MODEL_METADATA is ignored" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [" + "x, " * 100 + "]\nb: &b [" + "*a, " * 100 + "]\nname: [" + "*b, " * 100 + "]",
        "custom: &c {a: *c}",
    ],
    ids=["a million parts", "itself"],
)
def test_aliases_that_come_to_very_much_are_ignored_with_a_warning(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert describe(None, GOOD, text) == GOOD
    assert "aliases expand to more than 100000 values" in caplog.text


@pytest.mark.parametrize("text", ["[1]", "- a\n- b", "just text", "5"])
def test_an_environment_that_is_no_mapping_stops_the_start(text: str) -> None:
    with pytest.raises(StartupError, match=r"MODEL_METADATA is .*, expected a mapping such as"):
        describe(None, None, text)


def test_yaml_without_pyyaml_stops_the_start_and_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(StartupError, match=r"pip install seldon-runtime\[yaml\]"):
        describe(None, None, "name: e")
    assert describe(None, None, '{"name": "e"}')["name"] == "e"


@pytest.mark.parametrize("given", ["text", ["name"], 5])
def test_metadata_of_the_component_that_is_no_dict_is_ignored_with_a_warning(
    given: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert describe(None, given, "") == DEFAULTS
    assert "init_metadata() returned a " in caplog.text


def test_a_component_without_metadata_is_no_reason_for_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    describe(None, None, "")
    assert caplog.records == []


def test_every_kind_of_input_is_described_in_its_own_way() -> None:
    inputs = [
        {"messagetype": "ndarray", "schema": {"names": ["a"], "shape": [1, 2]}},
        {"messagetype": "tftensor"},
        {"messagetype": "jsonData", "schema": {"type": "object", "x": 1}},
        {"messagetype": "customData", "schema": {"any": 1}},
        {"messagetype": "strData"},
        {"messagetype": "binData"},
        {"messagetype": "image/png", "schema": {"width": 2, "more": [1, {"x": None}]}},
        {"messagetype": "audio"},
        {},
        {"name": "t", "datatype": "FP32", "shape": [1, -1]},
    ]
    assert describe(None, {"inputs": inputs, "outputs": inputs}, "") == {
        **DEFAULTS,
        "inputs": inputs,
        "outputs": inputs,
    }


def test_the_document_is_plain_json_whatever_the_component_used() -> None:
    given = {
        "versions": ("v1",),
        "inputs": ({"messagetype": "tensor", "schema": {"shape": (1, 2)}},),
        "outputs": [{"messagetype": "jsonData", "schema": {1: ("a",)}}],
    }
    document = describe(None, given, "")
    assert json.loads(json.dumps(document)) == document
    assert document["outputs"] == [{"messagetype": "jsonData", "schema": {"1": ["a"]}}]


def test_the_document_shares_nothing_with_what_the_component_returned() -> None:
    given: dict[str, Any] = {"custom": {"team": "blue"}, "versions": ["v1"]}
    document = describe(None, given, "")
    given["custom"]["team"] = "red"
    given["versions"].append("v2")
    assert document["custom"] == {"team": "blue"}
    assert document["versions"] == ["v1"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"nom": "x"},
            "metadata from init_metadata() has a key 'nom', expected only name, versions, platform,",
        ),
        ({1: "x"}, "init_metadata() has a key 1"),
        ({"name": None}, "metadata from init_metadata(): name is None, expected text"),
        ({"versions": "v1"}, "metadata from init_metadata(): versions is 'v1', expected a list"),
        (
            {"versions": [1.0]},
            "metadata from init_metadata(): versions[0] is 1.0, expected text (in YAML, quote",
        ),
        ({"platform": 5}, "metadata from init_metadata(): platform is 5, expected text"),
        ({"custom": {"a": 1}}, "metadata from init_metadata(): custom['a'] is 1, expected text"),
        ({"custom": {1: "a"}}, "metadata from init_metadata(): custom, key 1, is 1, expected text"),
        ({"custom": []}, "metadata from init_metadata(): custom is [], expected a mapping"),
        ({"inputs": {}}, "metadata from init_metadata(): inputs is {}, expected a list"),
        ({"inputs": ["x"]}, "metadata from init_metadata(): inputs[0] is 'x', expected a mapping"),
        (
            {"inputs": [{"datatype": "FP32"}]},
            "inputs[0] has no 'name', expected messagetype, or all of name, datatype, shape",
        ),
        (
            {"inputs": [{"name": "t", "datatype": "FP32"}]},
            "inputs[0] has no 'shape', expected messagetype, or all",
        ),
        (
            {"inputs": [{"messagetype": "image/png", "schema": [1]}]},
            "inputs[0].schema is [1], expected a mapping",
        ),
        ({"inputs": [{"messagetype": ["tensor"]}]}, "inputs[0].messagetype is ['tensor']"),
        (
            {"inputs": [{"messagetype": "tensor", "shape": [1]}]},
            "inputs[0] has a key 'shape', expected only messagetype, schema",
        ),
        (
            {"inputs": [{"messagetype": "tensor", "schema": {"names": "a"}}]},
            "metadata from init_metadata(): inputs[0].schema.names is 'a', expected a list",
        ),
        ({"inputs": [{"messagetype": "tensor", "schema": []}]}, "inputs[0].schema is [], expected a mapping"),
        (
            {"inputs": [{"messagetype": "tensor", "schema": {"x": 1}}]},
            "inputs[0].schema has a key 'x', expected only names, shape",
        ),
        (
            {"inputs": [{"messagetype": "ndarray", "schema": {"shape": [True]}}]},
            "inputs[0].schema.shape[0] is True, expected a whole number",
        ),
        (
            {"inputs": [{"messagetype": "strData", "schema": {}}]},
            "inputs[0] has a key 'schema', expected only messagetype",
        ),
        ({"inputs": [{"messagetype": "jsonData", "schema": {"x": b""}}]}, "cannot be written as JSON"),
        ({"inputs": [{"messagetype": "jsonData", "schema": float("nan")}]}, "cannot be written as JSON"),
        (
            {"inputs": [{"name": "t", "datatype": "FLOAT", "shape": [1]}]},
            "inputs[0].datatype is 'FLOAT', expected one of BOOL, UINT8,",
        ),
        (
            {"inputs": [{"name": "t", "datatype": "FP32", "shape": [1.0]}]},
            "inputs[0].shape[0] is 1.0, expected a whole number",
        ),
        ({"inputs": [{"name": 1, "datatype": "FP32", "shape": []}]}, "inputs[0].name is 1, expected text"),
        ({"inputs": [{"name": "t", "datatype": "FP32", "shape": [], "x": 1}]}, "inputs[0] has a key 'x'"),
    ],
)
def test_metadata_that_do_not_fit_the_schema_are_refused_with_their_place(given: object, words: str) -> None:
    assert words in refusal(given)


def test_the_message_names_the_environment_when_the_value_came_from_there() -> None:
    with pytest.raises(
        SeldonError, match=r"metadata from MODEL_METADATA: name is \[1\], expected text"
    ) as caught:
        describe(None, GOOD, "name: [1]")
    assert caught.value.code is ErrorCode.BAD_METADATA


def test_a_wrong_value_of_the_component_that_the_environment_replaces_does_no_harm() -> None:
    assert describe(None, {"versions": "v1"}, '{"versions": ["v2"]}')["versions"] == ["v2"]
