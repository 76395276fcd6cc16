"""``seldon-run doctor``: its report of a start that would succeed, in text and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .reports import texts

Run = Callable[..., Any]


def test_where_all_is_well_it_says_so_and_ends_with_0(seldon_run: Run, doctor: Run) -> None:
    report = doctor("MyModel")
    assert report["ok"]
    assert texts(report, "error") == texts(report, "warning") == []
    ended = seldon_run("doctor", "MyModel")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.rstrip().endswith("nothing is wrong")


def test_help_tells_what_words_are(seldon_run: Run) -> None:
    ended = seldon_run("doctor", "--help")
    assert ended.status == 0
    assert "seldon-run doctor [OPTIONS] [WORDS]..." in ended.out
