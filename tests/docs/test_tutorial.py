"""The tutorial's transports: one has some sixty lines, and both pass the suite that the page names."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from seldon_runtime.testing import make_distribution
from tests.support.components import ECHO
from tests.support.pages import PLUGINS, Page, passed, run_tests, skipped
from tests.support.raw_socket import RawSocket

PAGE = Page("tutorials/first-transport.md")
PROJECT = tomllib.loads(re.search(r"```toml\n(.*?)```", PAGE.text, re.S)[1])["project"]
TCP = {"seldon_runtime.transport": {"tcp": "acme_tcp"}}


def test_the_first_has_some_sixty_lines() -> None:
    source = PAGE.files["acme_lines.py"]
    imports = {
        number
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for number in range(node.lineno, node.end_lineno + 1)
    }
    code = [
        line for number, line in enumerate(source.splitlines(), 1) if line.strip() and number not in imports
    ]
    assert len(code) <= 60


@pytest.mark.timeout(300)
def test_the_first_passes_the_contract(tmp_path: Path) -> None:
    modules = PAGE.sources("acme_lines", "test_acme_lines", "conftest")
    site = make_distribution(
        tmp_path / "site", PROJECT["name"], PROJECT["entry-points"], modules, version=PROJECT["version"]
    )
    report = run_tests(site, tmp_path)
    assert passed(report) > 100
    assert skipped(report, "lines") == [
        "carries no deadlines",
        "carries no deadlines",
        "carries no deadlines",
        "does not detect disconnected clients",
        "has no streams",
        "is served by one worker",
        "is served by one worker",
        "refuses calls while the queue is full",
    ]


@pytest.mark.timeout(300)
def test_the_second_passes_the_contract_with_several_workers_and_deadlines(tmp_path: Path) -> None:
    modules = PAGE.sources("acme_tcp", "test_acme_tcp", "conftest")
    report = run_tests(make_distribution(tmp_path / "site", "acme-tcp", TCP, modules), tmp_path)
    assert passed(report) > 140
    assert skipped(report, "tcp") == [
        "does not detect disconnected clients",
        "has no readiness probe",
        "has no streams",
        "refuses calls while the queue is full",
    ]


class Lines:
    """A connection to the second transport."""

    def __init__(self, port: int) -> None:
        self._connection = RawSocket(port).socket
        self._answers = self._connection.makefile("rb")

    def ask(self, text: str, **members: object) -> None:
        line = {"method": "predict", "request": {"strData": text}, **members}
        self._connection.sendall(json.dumps(line).encode() + b"\n")

    def answer(self) -> object:
        """Return the next line, parsed; None for an empty one."""
        line = self._answers.readline().strip()
        return json.loads(line) if line else None

    def close(self) -> None:
        self._answers.close()
        self._connection.close()


def test_the_second_sends_a_stream_item_by_item(seldon_run, install) -> None:
    loader = {"seldon_runtime.loader": {"countdown": "acme_countdown"}}
    modules = {**PAGE.sources("acme_tcp"), **Page(*PLUGINS).sources("acme_countdown")}
    site = install("acme-streams", {**TCP, **loader}, modules)
    process = seldon_run("start.countdown", "TCP,REST", env={"PYTHONPATH": str(site)})
    lines = Lines(process.ports["tcp"])
    lines.ask("3", stream=True)
    assert [lines.answer() and "item" for _ in range(4)] == ["item"] * 3 + [None]
    lines.ask("3")
    assert lines.answer()["strData"] == "321"
    lines.ask("many", stream=True)
    assert lines.answer()["status"]["reason"] == "MICROSERVICE_INTERNAL_ERROR"
    assert process.post("/predict", {"strData": "3"}).json["strData"] == "321"
    lines.ask("2", stream=True)
    assert [lines.answer()["strData"] for _ in range(2)] == ["2", "1"]
    lines.close()


def test_the_second_sends_the_headers_of_an_error(seldon_run, install) -> None:
    site = install("acme-tcp", TCP, PAGE.sources("acme_tcp"))
    source = """
        from seldon_runtime import SeldonError

        class Busy:
            def predict(self, X, features_names):
                raise SeldonError("later", headers={"Retry-After": "7"})
    """
    process = seldon_run("Busy", "TCP", source=source, env={"PYTHONPATH": str(site)})
    lines = Lines(process.ports["tcp"])
    lines.ask("x")
    assert lines.answer()["headers"] == {"Retry-After": "7"}
    lines.close()


def test_a_dead_acceptor_of_the_first_ends_the_process(seldon_run, install, tmp_path: Path) -> None:
    broken = (
        "\n\ndef broken(listener):\n    raise OSError('no more files')\n\n\nsocket.socket.accept = broken\n"
    )
    site = install(
        PROJECT["name"], PROJECT["entry-points"], {"acme_lines": PAGE.files["acme_lines.py"] + broken}
    )
    words = ("--lines-path", str(tmp_path / "socket"))
    process = seldon_run("Echo", "LINES", *words, source=ECHO, env={"PYTHONPATH": str(site)}, wait=False)
    assert process.wait() == 1
    assert "cannot accept connections: no more files" in process.log
