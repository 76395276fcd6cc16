"""A terminal that follows a page of the documentation: its files, its commands, and the answers it shows."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from seldon_runtime.testing import WAIT_S, wait_until
from tests.support.http_client import HttpClient
from tests.support.pages import Block

_ASSIGNMENT = re.compile(r"\w+=")
_ENDS_BY_ITSELF = {
    *("doctor", "graph", "plugins", "state"),
    *("--check", "--help", "--help-all", "--version"),
}
_BEFORE_A_PORT = r"\b(localhost:|localhost\", |0\.0\.0\.0:|http\.server )"
_SHOWN = {"json", "text"}
"""The languages of blocks that show what the command before them prints."""


class Terminal:
    """Runs the blocks of a page in their order.

    A block with a file name as its title, or in a comment in its first line, becomes that file. A ``sh``
    block is run line by line. A line that starts ``seldon-run`` or ``docker run`` ends the server before it.
    A ``json`` block shows the output of the last command, a ``text`` block lines of it or of the server's
    log, with ``…`` for any text. A block with ``^C`` ends the server. Other blocks are not run.

    Args:
        folder: the working folder, in which ``cd`` may choose another one.
        environment: variables besides the caller's; its PATH has the programs of the page.
        ports: the ports that the page names, and those to use in their place. The first is the server's.
        serve: the fixture ``seldon_run``.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        ports: Mapping[int, int],
        serve: Callable[..., Any],
    ) -> None:
        self.folder = folder
        self.environment = dict(environment)
        self.server: Any = None
        self.said = ""
        self.ran = 0
        self._port = next(iter(ports.values()))
        self.ports = ports
        self._serve = serve
        self._failed = ""
        self._background: list[subprocess.Popen[bytes]] = []

    def follow(self, blocks: Iterable[Block]) -> None:
        """Do everything that these blocks of a page say."""
        for block in blocks:
            if block.file is not None:
                self._require_success()
                self._write(block.file, block.text)
            elif block.text == "^C\n":
                self.stop()
            elif block.language in _SHOWN:
                self._compare(block)
            elif block.language == "sh":
                for command in block.commands:
                    self._require_success()
                    self.run(command)
        self._require_success()

    def run(self, command: str) -> None:
        """Run a command; remember its output, and its failure until the page shows it."""
        self.ran += 1
        words = shlex.split(self._here(command), comments=True)
        variables = {}
        while words and _ASSIGNMENT.match(words[0]):
            name, _, value = words.pop(0).partition("=")
            variables[name] = value
        if words[0] == "cd":
            self.folder = (self.folder / words[1]).resolve()
        elif words[0] == "export":
            self._export(command)
        elif words[:2] == ["docker", "run"] or (words[0] == "seldon-run" and not _ENDS_BY_ITSELF & {*words}):
            self._start(words, variables)
        elif words[:3] == ["python", "-m", "http.server"]:
            self._start_in_background(words)
        else:
            done = self._bash(command)
            self.said = done.stdout + done.stderr if done.returncode else done.stdout
            self._failed = f"{command}\n{self.said}" if done.returncode else ""

    def stop(self) -> None:
        """End the server, and require that it ends with 0."""
        for process in self._background:
            process.kill()
            process.wait()
        self._background.clear()
        if self.server is not None:
            assert self.server.stop() == 0
            self.server = None

    def _bash(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", self._here(command)],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
        )

    def _export(self, command: str) -> None:
        before = {**os.environ, **self.environment}
        after = dict(
            line.split("=", 1) for line in self._bash(f"{command} && env -0").stdout.split("\0") if line
        )
        self.environment |= {name: value for name, value in after.items() if before.get(name) != value}

    def _start(self, words: list[str], variables: Mapping[str, str]) -> None:
        self.stop()
        given = [word.replace("5000:5000", f"{self._port}:{self._port}") for word in words[1:]]
        environment = {**self.environment, "PREDICTIVE_UNIT_SERVICE_PORT": str(self._port), **variables}
        program = shutil.which(words[0], path=environment["PATH"])
        self.server = self._serve(
            *given, program=Path(str(program)), folder=self.folder, env=environment, wait=False
        )
        wait_until(self._is_ready, "the server is ready")
        self.said = self.server.log

    def _is_ready(self) -> bool:
        """Ask the server, since its log depends on the settings; only a log can speak for TLS and gRPC."""
        assert self.server.process.poll() is None, self.server.log
        if "ready: " in self.server.log:
            return True
        try:
            with HttpClient(self._port) as client:
                return client.get("/health/ready").status == 200
        except OSError:
            return False

    def _start_in_background(self, words: list[str]) -> None:
        environment = {**os.environ, **self.environment}
        program = str(shutil.which(words[0], path=environment["PATH"]))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._background.append(
            subprocess.Popen([program, *words[1:]], cwd=self.folder, env=environment, **quiet)
        )
        wait_until(lambda: _listens(int(words[3])), "the server of files listens")

    def _write(self, name: str, text: str) -> None:
        is_watched = self.server is not None and "--reload" in self.server.process.args
        served = self.server.log.count("is ready\n") if is_watched else 0
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(self._here(text))
        if is_watched:
            self.server.wait_for_log(rf"(?s)(.*is ready\n){{{served + 1}}}.*ended with status 0", WAIT_S)

    def _compare(self, block: Block) -> None:
        said = self._as_on_the_page(self.said)
        if block.language == "json":
            assert _rounded(said) == _rounded(block.text), said
            return
        for line in filter(str.strip, block.text.splitlines()):
            pattern = ".*".join(re.escape(self._here(part)) for part in line.strip().split("…"))
            if re.search(pattern, self.said):
                self._failed = ""
            else:
                self._require_success()
                wait_until(partial(self._is_logged, pattern), f"{line!r} is in the log, or in:\n{said}")

    def _is_logged(self, pattern: str) -> bool:
        return self.server is not None and re.search(pattern, self.server.log) is not None

    def _require_success(self) -> None:
        assert not self._failed, self._failed

    def _here(self, text: str) -> str:
        for shown, port in self.ports.items():
            text = re.sub(rf"{_BEFORE_A_PORT}{shown}\b", rf"\g<1>{port}", text)
        return text

    def _as_on_the_page(self, text: str) -> str:
        for shown, port in self.ports.items():
            text = re.sub(rf"\b{port}\b", str(shown), text)
        return text


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("localhost", port), 1).close()
    except OSError:
        return False
    return True


def _rounded(text: str) -> Any:
    """Parse JSON; the last digits of a number depend on the machine."""
    return json.loads(text, parse_float=lambda number: round(float(number), 9))
