"""The language of this tree: plain sentences that name the actor and the thing, then the verb."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import prose
from tests.support.prose import Text

VERBS = frozenset(
    """
    Accept Add Admit Answer Append Ask Attempt Await Begin Bind Block Call Cancel Change Check Close
    Combine Concatenate Construct Convert Copy Count Create Decode Delete Do Drain End Examine
    Escape Exclude Exit Expect Find Flush Follow Forget Fork Go Hand Handle Have Hold Ignore Import Install
    Keep Kill Learn Leave Let List Load Lock Log Make Map Measure Notify Open Order Parse Pass Print
    Publish Queue Raise Read Receive Refuse Register Release Remember Remove Report Request Reserve Respond
    Restart Restore Return Run Sample Save Say Schedule Send Serve Set Show Skip Split Start Stop
    Store Submit Take Tell Turn Use Validate Verify Wait Wake Watch Wrap Write Yield
    """.split()  # noqa: SIM905 - a list of words is easier to read and to extend
)
"""The words with which a function's docstring may begin. Add a verb when a docstring needs it.

A closed list is stricter than a list of forbidden words (The, What, Its), which never ends, and than D401 of
ruff, which accepts any noun. Properties and fixtures stand for things, so their docstrings may name them.
"""

_UNNAMED = re.compile(
    r"(?:What|Who|Whether|Of)\b(?!.*\?$)"
    r"|That (?:is|was|are|were|does|has|which|means)\b"
    r"|All (?:is|are|was|were|of|that|who|which|have|has|in|but|else|it|they|its|their|run|runs)\b"
)
"""A first word that stands for a noun. Questions may begin so; "All methods" and "That plugin" have one."""

_THERE = r"(?<!\b[Tt]here )"
_PHRASES = {
    rf"{_THERE}\b(?:is|are|was|were) no (?!longer\b)": "must be, is not a valid, has no, does not",
    rf"{_THERE}\b(?:is|are|was|were) none\b": "must be, is not a valid",
    r"\b(?:is|are|was|were) (?:told|asked|given)\b": "receives, returns, the runtime calls",
    r"\b[Oo]ne that\b": "name the thing: a plugin that",
    r"\b(?:made|makes|make|making) (?:\w+ )?up\b": "generated",
    r"\b(?:has|have|had|is|are) gone\b": "the client disconnected, the process has ended",
}
"""Phrases that STYLE avoids, with what to write instead."""


def openings(path: Path) -> Iterator[str]:
    """Yield the docstrings of functions that do not begin with an imperative verb."""
    for text in prose.function_docstrings(path):
        if text.words.split()[0].rstrip(".,:;") not in VERBS:
            yield f"{text}: begin with an imperative verb (VERBS)"


def unclear(texts: Iterator[Text]) -> Iterator[str]:
    """Yield the texts with a sentence that hides its noun, or with a phrase to avoid."""
    for text in texts:
        for sentence in prose.sentences(text.words):
            if _UNNAMED.match(sentence):
                yield f"{text}: name the noun of {sentence[:60]!r}"
        for phrase, better in _PHRASES.items():
            if found := re.search(phrase, text.words):
                yield f"{text}: instead of {found[0]!r} write: {better}"


def faults_of_source(path: Path) -> list[str]:
    """Return the faults in the docstrings, messages, help texts and comments of a module."""
    return [*openings(path), *unclear(prose.source_texts(path))]


def faults_of_page(path: Path) -> list[str]:
    """Return the faults in the prose of a page."""
    return list(unclear(prose.page_texts(path)))


FILES: list[tuple[Path, Callable[[Path], list[str]]]] = [
    *((path, faults_of_source) for path in prose.source_files()),
    *((path, faults_of_page) for path in prose.pages()),
]


@pytest.mark.parametrize(
    ("path", "faults"), [pytest.param(*file, id=prose.relative(file[0])) for file in FILES]
)
def test_prose_names_the_actor_and_the_thing(path: Path, faults: Callable[[Path], list[str]]) -> None:
    found = faults(path)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('def f():\n    """The answer."""', "imperative"),
        ('def f():\n    """Returns the answer."""', "imperative"),
        ('class A:\n    """A class. Whether it works is open."""', "name the noun"),
        (
            'class A:\n    """A class.\n\n    Args:\n        ready: whether it is ready.\n    """',
            "name the noun",
        ),
        ('limit = 5\n"""What a client may send."""', "name the noun"),
        ('raise ValueError(f"{name} is no valid name")', "is no"),
        ('logger.error("the client of %s has gone", call)', "has gone"),
        ('option(help="Whether the plugin is told.")', "is told"),
        ("x = 1  # the id is made up for it", "made up"),
    ],
)
def test_an_unclear_text_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, fault: str
) -> None:
    monkeypatch.setattr(prose, "ROOT", tmp_path)
    path = tmp_path / "module.py"
    path.write_text(source + "\n")
    assert any(fault in found for found in faults_of_source(path))


@pytest.mark.parametrize(
    "source",
    [
        'def f():\n    """Return all. There is no other. All methods block. It is no longer open."""',
        '@property\ndef f(self):\n    """The answer."""',
        '@pytest.fixture\ndef f():\n    """A server."""',
        'raise ValueError("there is no module m; expected a name")',
    ],
)
def test_a_plain_text_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setattr(prose, "ROOT", tmp_path)
    path = tmp_path / "module.py"
    path.write_text(source + "\n")
    assert faults_of_source(path) == []


def test_code_on_a_page_is_not_prose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prose, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```python\nprint('the client has gone')\n```\n\nIt works.\n\n- Of two, one.\n")
    (fault,) = faults_of_page(page)
    assert "page.md:9" in fault
