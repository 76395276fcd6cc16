"""Foreign text neither begins a line that looks like a record, nor controls a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.logs.control_characters import exception_text, indented, printable

FORGED = "2026-01-01 00:00:00,000 CRITICAL fake: owned"


class Failing(Exception):
    def __str__(self):
        raise ValueError("no text")


def raised(error: Exception) -> str:
    try:
        raise error
    except Exception as caught:  # noqa: BLE001 - any exception is a case
        return exception_text(type(caught), caught, caught.__traceback__)


@pytest.mark.parametrize(
    "character", ["\0", "\r", "\x0b", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u202e", "\u2066"]
)
def test_control_characters_are_escaped(character):
    assert printable(f"a{character}b") == f"a{character.encode('unicode_escape').decode()}b"


@given(st.text())
def test_no_text_makes_a_second_line_that_begins_like_a_first_one(text):
    first, *further = indented(text).split("\n")
    assert all(line.startswith("    ") for line in further)
    assert not any(ord(c) < 32 and c not in "\n\t" for line in (first, *further) for c in line)


def test_usual_text_stays():
    assert printable("é 中\tx\ny") == "é 中\tx\ny"


@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"line\n{FORGED}\x1b[31m"),
        ExceptionGroup(f"several\n{FORGED}", [ValueError(f"one\n{FORGED}")]),
    ],
    ids=["plain", "group"],
)
def test_a_message_of_an_exception_forges_no_record(error):
    text = raised(error)
    assert FORGED in text
    assert not any(line.startswith(FORGED[:10]) for line in text.splitlines())
    assert "\x1b" not in text


def test_causes_and_notes_forge_no_record():
    try:
        try:
            raise KeyError("first")
        except KeyError as error:
            error.add_note(f"note\n{FORGED}")
            raise ValueError(f"second\n{FORGED}") from error
    except ValueError as error:
        text = exception_text(type(error), error, error.__traceback__)
    assert text.count(FORGED) == 2
    assert not any(line.startswith(FORGED[:10]) for line in text.splitlines())


def test_an_exception_without_a_usable_text_is_shown():
    assert "Failing" in raised(Failing())


def test_the_lines_of_python_stay_as_they_are():
    lines = raised(ValueError("one")).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "ValueError: one"
