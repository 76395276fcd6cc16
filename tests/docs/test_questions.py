"""The questions of newcomers, operators and authors of plugins have a place that uses their words."""

from __future__ import annotations

import re

import pytest

from tests.docs.test_docs import anchors
from tests.support.paths import ROOT

LINES = (ROOT / "tests/docs/questions.txt").read_text().splitlines()
QUESTIONS = [tuple(line.split(" | ")) for line in LINES if not line.startswith("#")]
SMALL_WORDS = frozenset(
    """
    a after an and are at be become becomes by call do does find for from how i in is it its kind may my need
    not of off on one only or own over several stay that the their there they to turn what when where which
    why with without works work write
    """.split()  # noqa: SIM905 - a list of words is easier to read and to extend
)
"""Words that nobody searches for, since every page has them."""


def search_terms(question: str) -> list[str]:
    """Return the stems of the words that a search would use."""
    words = [word.strip(".,:?") for word in question.lower().split()]
    return [re.sub(r"(?:ies|ing|es|ed|e|s|y)$", "", word) for word in words if word not in SMALL_WORDS]


def test_there_are_enough_questions_and_each_is_there_once() -> None:
    assert len(QUESTIONS) >= 60
    assert len({question for question, _ in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize(("question", "place"), QUESTIONS, ids=[question for question, _ in QUESTIONS])
def test_a_question_has_its_page_its_heading_and_its_words(question: str, place: str) -> None:
    page, _, heading = place.partition("#")
    assert heading in anchors(ROOT / page)
    text = (ROOT / page).read_text().lower()
    terms = search_terms(question)
    assert terms
    assert [term for term in terms if term not in text] == []
