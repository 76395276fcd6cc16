"""PREDICTIVE_UNIT_PARAMETERS: typed values, or a start-up error that names the parameter."""

from __future__ import annotations

import json
import math

import pytest

from seldon_runtime.component.parameters import parse_parameters
from seldon_runtime.errors import StartupError

_NO_WHOLE_NUMBERS: list[object] = ["1.5", 1.5, 12.0, True, None, "", [1], "9" * 5000]
_NO_NUMBERS: list[object] = ["1,5", True, None, "", {}, 10**400]
_NO_TRUTHS: list[object] = ["maybe", "", 1, 0, None, " true"]


def parsed(value: object, kind: str) -> object:
    return parse_parameters(json.dumps([{"name": "p", "value": value, "type": kind}]))["p"]


def refusal(text: str) -> str:
    with pytest.raises(StartupError) as caught:
        parse_parameters(text)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.parametrize("text", [" [] ", "", "  \n"])
def test_an_empty_list_or_text_is_no_parameters(text: str) -> None:
    assert parse_parameters(text) == {}


def test_parameters_keep_their_order_and_other_fields_are_ignored() -> None:
    text = '[{"name":"z","value":"1","type":"INT","note":"x"},{"name":"a","value":"b","type":"STRING"}]'
    assert list(parse_parameters(text).items()) == [("z", 1), ("a", "b")]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("12", "INT", 12),
        (12, "INT", 12),
        ("-12", "INT", -12),
        ("1e-3", "FLOAT", 0.001),
        ("3", "FLOAT", 3.0),
        (3, "DOUBLE", 3.0),
        (2.25, "DOUBLE", 2.25),
        ("inf", "DOUBLE", math.inf),
        ("grüß", "STRING", "grüß"),
        ("", "STRING", ""),
        (7, "STRING", "7"),
        ('[64, {"a": null}]', "JSON", [64, {"a": None}]),
        ([64, {"a": None}], "JSON", [64, {"a": None}]),
        ("null", "JSON", None),
        ('"text"', "JSON", "text"),
        (2.5, "JSON", 2.5),
        *[(text, "BOOL", True) for text in ("y", "Yes", "t", "TRUE", "on", "1", True)],
        *[(text, "BOOL", False) for text in ("n", "No", "f", "FALSE", "off", "0", False)],
    ],
)
def test_a_value_gets_its_type(value: object, kind: str, expected: object) -> None:
    result = parsed(value, kind)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        *[(bad, "INT") for bad in _NO_WHOLE_NUMBERS],
        *[(bad, "FLOAT") for bad in _NO_NUMBERS],
        *[(bad, "BOOL") for bad in _NO_TRUTHS],
    ],
)
def test_a_value_of_another_type_is_refused(value: object, kind: str) -> None:
    message = refusal(json.dumps([{"name": "p", "value": value, "type": kind}]))
    is_shown = isinstance(value, bool | int | float | None) or value in ("1.5", "", "9" * 5000, " true")
    assert (f"parameter 'p' of type {kind} has the value " in message) is is_shown
    assert f"parameter 'p' of type {kind} has " in message
    assert ", expected " in message
    assert len(message) < 250


def test_the_message_names_parameter_value_type_and_what_was_expected() -> None:
    assert refusal('[{"name":"n","value":"1.5","type":"INT"}]') == (
        "PREDICTIVE_UNIT_PARAMETERS: parameter 'n' of type INT has the value '1.5', "
        'expected a whole number such as 12 or "-12"'
    )


@pytest.mark.parametrize("kind", ["INT", "FLOAT", "DOUBLE", "BOOL", "STRING", "LIST"])
@pytest.mark.parametrize("value", [["hunter2"], {"password": "hunter2"}])
def test_a_text_that_may_be_secret_is_never_shown(value: object, kind: str) -> None:
    message = refusal(json.dumps([{"name": "p", "value": value, "type": kind}]))
    assert "hunter2" not in message
    assert ", expected " in message


@pytest.mark.parametrize("kind", ["INT", "FLOAT", "DOUBLE", "BOOL"])
def test_a_wrong_text_is_told_by_its_kind(kind: str) -> None:
    message = refusal(json.dumps([{"name": "p", "value": "hunter2", "type": kind}]))
    assert f"parameter 'p' of type {kind} has text, expected " in message


def test_a_number_of_a_secret_is_not_shown() -> None:
    assert "has text, expected true" in refusal('[{"name":"pin_token","value":"123456789","type":"BOOL"}]')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[{]", "is not valid JSON ("),
        ("[" * 100_000, "is not valid JSON ("),
        ('{"i":1}', "is an object, expected a list such as [{"),
        ('"x"', "is text, expected a list"),
        ("[1]", "PREDICTIVE_UNIT_PARAMETERS[0] is a number, expected an object with name, value, type"),
        ('[{"value":"1","type":"INT"}]', "PREDICTIVE_UNIT_PARAMETERS[0] has no 'name'"),
        (
            '[{"name":"","value":"1","type":"INT"}]',
            "PREDICTIVE_UNIT_PARAMETERS[0].name is text, expected text that is not empty",
        ),
        (
            '[{"name":5,"value":"1","type":"INT"}]',
            "PREDICTIVE_UNIT_PARAMETERS[0].name is a number, expected text that is not empty",
        ),
        (
            '[{"name":"i","value":"1"}]',
            "PREDICTIVE_UNIT_PARAMETERS[0] has no 'type', expected name, value, type",
        ),
        ('[{"name":"i","type":"INT"}]', "PREDICTIVE_UNIT_PARAMETERS[0] has no 'value'"),
        (
            '[{"name":"i","value":"1","type":"int"}]',
            "expected one of INT, FLOAT, DOUBLE, STRING, JSON, BOOL; write INT",
        ),
        ('[{"name":"i","value":"1","type":"LIST"}]', "has the type 'LIST', expected one of INT, FLOAT,"),
    ],
)
def test_a_malformed_list_is_refused(text: str, words: str) -> None:
    assert words in refusal(text)


def test_the_last_of_several_parameters_with_one_name_counts_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    entries = [{"name": name, "value": value, "type": "STRING"} for name, value in ("ab", "cd", "ae")]
    assert parse_parameters(json.dumps(entries)) == {"a": "e", "c": "d"}
    (record,) = caplog.records
    assert (
        record.getMessage() == "PREDICTIVE_UNIT_PARAMETERS has the parameter 'a' twice: the last one counts"
    )


@pytest.mark.parametrize("text", ["[64, ", "secret", "[" * 100_000, ""])
def test_a_parameter_that_is_not_json_is_refused_without_its_value(text: str) -> None:
    message = refusal(json.dumps([{"name": "p", "value": text, "type": "JSON"}]))
    assert message.startswith(
        "PREDICTIVE_UNIT_PARAMETERS: parameter 'p' of type JSON has text, expected a JSON"
    )
    assert "secret" not in message


def test_broken_text_is_not_repeated_in_the_message() -> None:
    assert "hunter2" not in refusal('[{"name":"p","value":"hunter2","type":"STRING"}')
