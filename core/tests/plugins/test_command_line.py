"""Reading a command line before the options of plugins are known: one pass, one meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.plugins.command_line import read_selection
from seldon_runtime.plugins.selection import Selection

Publish = Callable[..., Any]


@pytest.mark.parametrize(
    ("words", "environment", "model", "transports"),
    [
        (["M", "GRPC"], {}, "M", ("grpc",)),
        (["M", "rest,Grpc"], {}, "M", ("rest", "grpc")),
        (["M", " rest , grpc,"], {}, "M", ("rest", "grpc")),
        (["M"], {}, "M", ("rest",)),
        (["M"], {"API_TYPE": "GRPC,REST"}, "M", ("grpc", "rest")),
        (["M", "REST"], {"API_TYPE": "GRPC"}, "M", ("rest",)),
        (["--api-type", "REST", "M"], {"API_TYPE": "GRPC"}, "M", ("rest",)),
        (["--grace", "3", "M", "--check", "GRPC"], {}, "M", ("grpc",)),
        (["--grace", "-3", "M", "GRPC"], {}, "M", ("grpc",)),
        (["--http-port", "0", "M", "GRPC"], {}, "M", ("grpc",)),
        (["M", "--http-port", "0", "GRPC"], {}, "M", ("grpc",)),
        (["--http-port=0", "M", "GRPC", "--flag"], {}, "M", ("grpc",)),
        (["--flag", "--other", "--grace=1", "M", "GRPC"], {}, "M", ("grpc",)),
        (["--flag", "M", "GRPC"], {}, "GRPC", ("rest",)),
        (["--", "M", "--odd"], {}, "M", ("--odd",)),
        (["M", "nonsense"], {}, "M", ("nonsense",)),
        (["--api-type"], {}, None, ("rest",)),
        (["REST"], {}, "REST", ("rest",)),
        (["M", ","], {"API_TYPE": "GRPC"}, "M", ()),
        ([], {"MODEL_NAME": "M"}, "M", ("rest",)),
        ([], {"MODEL_NAME": ""}, None, ("rest",)),
        (["--no-error-details", "N"], {"MODEL_NAME": "M"}, "N", ("rest",)),
    ],
)
def test_the_model_and_the_transports_are_read_before_the_plugins_are_known(
    words: list[str], environment: dict[str, str], model: str | None, transports: tuple[str, ...]
) -> None:
    found = read_selection(words, environment)
    assert (found.model_name, found.transports) == (model, transports)


@pytest.mark.parametrize(
    ("words", "persistence"),
    [
        (["--persistence"], "1"),
        (["--persistence", "--check"], "1"),
        (["--persistence", "file"], "file"),
        (["--persistence="], "0"),
    ],
)
def test_persistence_may_stand_without_a_value(words: list[str], persistence: str) -> None:
    assert read_selection(words, {}).persistence == persistence


def test_other_plugins_are_read_too() -> None:
    words = ["--persistence", "Redis", "--metrics=0", "--extension", "a,B", "--extension", "c"]
    assert read_selection(words, {"METRICS": "x", "PERSISTENCE": "y"}) == Selection(
        persistence="redis", metrics="0", extensions=("a", "b", "c")
    )
    assert read_selection([], {"SELDON_EXTENSIONS": "a, b", "PERSISTENCE": "1"}) == Selection(
        persistence="1", extensions=("a", "b")
    )
