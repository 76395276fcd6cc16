"""The messages of the page about troubleshooting: each stands in the sources, and many are produced here."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support import prose
from tests.support.http_client import JSON_TYPE, HttpClient
from tests.support.pages import Page

PAGE = Page("how-to/troubleshoot.md")
MESSAGES = [block.text.strip() for block in PAGE.blocks()]
_VARIABLE = re.compile(r"…|%(?:\(\w+\))?[-#0 +]*[\d.]*[sdrgf]")
_LEAST = 16
"""The fewest fixed characters of a text of the sources that recognize a message."""
_SHARE = 3
"""A text of the sources must make up a third of the message. The rest are values, causes and hints."""
PREDICT = "def predict(self, X, features_names): return X"
STARTS = {
    "there is no module": ("class Fraud: pass", "NoModel"),
    "module 'MyModel' (/app/MyModel.py) has no class": ("class Fraud: pass", "MyModel"),
    "module 'MyModel' could not be imported": ("import sklearnn", "MyModel"),
    "model.joblib is a file": ("", "model.joblib"),
    "MyModel needs the parameter": (
        f"class MyModel:\n def __init__(self, path): pass\n {PREDICT}",
        "MyModel",
    ),
    "PREDICTIVE_UNIT_PARAMETERS: parameter 'n'": (
        f"class MyModel:\n def __init__(self, n): pass\n {PREDICT}",
        *("MyModel", "--parameters", '[{"name": "n", "value": "a", "type": "INT"}]'),
    ),
    "MyModel defines predct": ("class MyModel:\n def predct(self, X, features_names): return X", "MyModel"),
    "MyModel.tags is an async method": (
        f"class MyModel:\n {PREDICT}\n async def tags(self): return {{}}",
        "MyModel",
    ),
    "the constructor of MyModel failed": (
        "import signal\nclass MyModel:\n"
        f" def __init__(self): signal.signal(signal.SIGUSR2, signal.SIG_IGN)\n {PREDICT}",
        "MyModel",
    ),
    "API_TYPE names the transport plugin": (f"class MyModel:\n {PREDICT}", "MyModel", "GRPCC"),
    "persistence with 2 worker processes": (
        f"class MyModel:\n {PREDICT}",
        *("MyModel", "REST", "--workers", "2", "--persistence", "file"),
    ),
}
"""The beginning of a message, a source, and the words of a command line that fails with the message."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CALLS: dict[str, tuple[str, str, bytes, dict[str, str]]] = {
    "Content-Type is application/x-www-form-urlencoded": ("POST", "/predict", b"x", FORM),
    "there is no JSON in this request": ("GET", "/predict", b"", {}),
    "the request is not valid JSON": ("POST", "/predict", b'{"data": ', JSON_TYPE),
    "the request holds 'instances'": ("POST", "/predict", b'{"instances": [[1]]}', JSON_TYPE),
    "the request has data and strData": (
        *("POST", "/predict", b'{"data": {"ndarray": [1]}, "strData": "x"}'),
        JSON_TYPE,
    ),
    "data.ndarray is ragged": ("POST", "/predict", b'{"data": {"ndarray": [[1, 2], [3]]}}', JSON_TYPE),
    "data.tensor.shape is": (
        *("POST", "/predict", b'{"data": {"tensor": {"shape": [2, 2], "values": [1]}}}'),
        JSON_TYPE,
    ),
    "there is nothing at": ("GET", "/nothing", b"", {}),
    "/predict takes": ("DELETE", "/predict", b"", {}),
    "a web page of another origin": (
        *("POST", "/send-feedback", b'{"reward": 1}'),
        {**JSON_TYPE, "Origin": "https://evil.example"},
    ),
    "the component returned None": ("POST", "/predict", b'{"strData": "none"}', JSON_TYPE),
    "the component's answer cannot be written": ("POST", "/predict", b'{"strData": "complex"}', JSON_TYPE),
    "a value is bytes": ("POST", "/predict", b'{"strData": "bytes"}', JSON_TYPE),
    "route returned float": ("POST", "/route", b'{"strData": "x"}', JSON_TYPE),
}
"""The beginning of a message, and a request that is answered with the message."""
OTHERS = [message for message in MESSAGES if not message.startswith((*STARTS, *CALLS))]
"""The messages that are not produced here."""


class Answers:
    """A component whose answers a client chooses, wrong ones among them."""

    def predict(self, X: Any, features_names: Any) -> Any:
        return {"none": None, "complex": {"a": 1j}, "bytes": {"a": b"x"}}.get(X, X)

    def route(self, X: Any, features_names: Any) -> Any:
        return 1.5


@cache
def source_texts() -> tuple[list[str], ...]:
    """Return the strings of the sources, each split at its values."""
    return tuple(parts for path in prose.source_files() for parts in _split_strings(path.read_text()))


def _split_strings(source: str) -> Iterator[list[str]]:
    nodes = list(ast.walk(ast.parse(source)))
    documentation = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for text in (prose.string_of(node) for node in nodes if id(node) not in documentation):
        parts = _VARIABLE.split((text or "").partition("\n")[0])
        if sum(map(len, parts)) >= _LEAST:
            yield parts


def makes(parts: list[str], message: str) -> bool:
    """Return True if a message has all fixed parts of a text in their order."""
    position = 0
    for part in parts:
        position = message.find(part, position) + len(part)
        if position < len(part):
            return False
    return True


def fixed_characters(message: str) -> int:
    """Return how many characters of a message are fixed in the sources' text that fits best."""
    return max((sum(map(len, parts)) for parts in source_texts() if makes(parts, message)), default=0)


def test_the_page_has_many_messages_and_none_twice() -> None:
    assert len({*MESSAGES}) == len(MESSAGES) >= 25


@pytest.mark.parametrize("message", OTHERS, ids=lambda message: message[:40])
def test_a_message_of_the_page_stands_in_the_sources(message: str) -> None:
    assert fixed_characters(message) * _SHARE >= len(message), f"no text of the sources makes {message!r}"


def test_an_invented_message_does_not_stand_in_the_sources() -> None:
    message = "the flux capacitor of MyModel has no charge, expected 1.21 gigawatts or more"
    assert fixed_characters(message) * _SHARE < len(message)


def test_starts_fail_with_the_messages_of_the_page(seldon_run: Callable[..., Any], tmp_path: Path) -> None:
    started = {}
    for number, (beginning, (source, *words)) in enumerate(STARTS.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "MyModel.py").write_text(source)
        started[beginning] = folder, seldon_run(*words, folder=folder, wait=False)
    for beginning, (folder, process) in started.items():
        assert process.wait() == 3
        assert on_page(beginning) in process.log.replace(str(folder), "/app")


def test_calls_fail_with_the_messages_of_the_page(serve_by: Callable[..., Any]) -> None:
    port = int(serve_by("rest", Answers()).address.rpartition(":")[2])
    for beginning, request in CALLS.items():
        with HttpClient(port) as client:
            assert on_page(beginning) in client.request(*request).info


def on_page(beginning: str) -> str:
    """Return the message of the page that begins so."""
    (message,) = [message for message in MESSAGES if message.startswith(beginning)]
    return message
