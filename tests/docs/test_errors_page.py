"""The examples of the page of errors, served and asked as the page says."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.http_client import HttpClient
from tests.support.pages import Page
from tests.support.paths import DOCS

PAGE = Page("reference/errors.md")
TEXT = (DOCS / "reference/errors.md").read_text()


def rest_examples() -> list[tuple[list[str], int, dict[str, str], Any]]:
    """Return the words of each curl, and the status, headers and body that the page shows."""
    examples = []
    for block in re.findall(r"```console\n\$ curl -i (.*?)```", TEXT, re.S):
        command, _, shown = block.partition("\n")
        head, _, body = shown.partition("\n\n")
        status, *lines = head.splitlines()
        examples.append(
            (shlex.split(command), int(status.split()[1]), dict(line.split(": ") for line in lines), body)
        )
    return [(words, status, headers, json.loads(body)) for words, status, headers, body in examples]


@pytest.fixture
def server(seldon_run: Callable[..., Any]) -> Any:
    return seldon_run("Customers", "REST,GRPC", source=PAGE.files["Customers.py"])


def test_errors_over_rest_are_those_of_the_page(server: Any) -> None:
    examples = rest_examples()
    assert len(examples) == 3
    with HttpClient(server.ports["rest"]) as client:
        for (address, *words), status, headers, body in examples:
            options = list(zip(words[::2], words[1::2], strict=True))
            sent = dict(value.split(": ") for option, value in options if option == "-H")
            (content,) = [value for option, value in options if option == "-d"]
            answer = client.request("POST", address.removeprefix("localhost:5000"), content.encode(), sent)
            assert (answer.status, answer.json) == (status, body)
            unnamed = {"date", "content-length"}
            assert {name: answer.headers[name] for name in answer.headers if name not in unnamed} == headers


def test_errors_over_grpc_are_those_of_the_page(server: Any, tmp_path: Path) -> None:
    program = tmp_path / "client.py"
    program.write_text(PAGE.files["client.py"].replace("localhost:5001", f"localhost:{server.ports['grpc']}"))
    printed = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True).stdout
    (shown,) = re.findall(r"```text\n(NOT_FOUND.*?)```", TEXT, re.S)
    assert printed == shown
