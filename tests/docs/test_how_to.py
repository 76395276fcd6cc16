"""Tutorials and how-to guides, followed as a reader follows them: each file, command and answer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime.transport.free_ports import free_ports
from tests.support.pages import Block, Page
from tests.support.terminal import Terminal

PAGES = {
    "tutorials/first-component.md": 7,
    "tutorials/learning-router.md": 9,
    "how-to/batch-calls.md": 5,
    "how-to/async-methods.md": 4,
    "tutorials/first-plugin.md": 4,
    "tutorials/graph.md": 7,
    "how-to/call.md": 12,
    "how-to/graphs.md": 12,
    "how-to/cors.md": 4,
    "how-to/send-values.md": 17,
    "how-to/streams.md": 6,
    "how-to/test-a-component.md": 5,
    "how-to/tls.md": 13,
    "how-to/metrics-and-alerts.md": 5,
    "how-to/tune.md": 6,
}
"""The pages, and how many commands each has at least."""
PIP = """#!{python}
# Stands in for pip: what a page says to install must be here, with its extras. For -e . it adds entry points.
import sys
from importlib.metadata import metadata
from pathlib import Path
from packaging.requirements import Requirement
from seldon_runtime.testing import make_distribution
import tomllib

assert sys.argv[1] == "install"
if sys.argv[2:] == ["-e", "."]:
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    make_distribution(Path(), project["name"], project["entry-points"], {{}}, version=project["version"])
    sys.exit()
for wanted in map(Requirement, sys.argv[2:]):
    assert wanted.extras <= {{*metadata(wanted.name).get_all("Provides-Extra", [])}}, wanted
"""


@pytest.fixture
def terminal(tmp_path: Path, seldon_run: Callable[..., Any]) -> Iterator[Terminal]:
    """A terminal in an empty folder, with the programs of this environment."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    programs = tmp_path / "programs"
    programs.mkdir()
    programs.joinpath("pip").write_text(PIP.format(python=sys.executable))
    programs.joinpath("pip").chmod(0o755)
    folder = tmp_path / "work"
    folder.mkdir()
    first, _, metrics, files = free_ports(4)
    environment: Mapping[str, str] = {
        "PATH": os.pathsep.join((str(programs), str(Path(sys.executable).parent), os.environ["PATH"])),
        "METRICS": "0",
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(metrics),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_PROXY": "localhost",
        "no_proxy": "localhost",
    }
    ports = {5000: first, 5001: first + 1, 6000: metrics, 8000: files}
    terminal = Terminal(folder, environment, ports, seldon_run)
    yield terminal
    terminal.stop()


def needs_promtool(block: Block) -> bool:
    """Return True for commands of a program that is not installed."""
    return block.text.startswith("promtool ") and shutil.which("promtool") is None


@pytest.mark.parametrize("name", PAGES)
def test_every_step_of_a_page_works_and_answers_are_those_it_shows(name: str, terminal: Terminal) -> None:
    if "openssl " in Page(name).text and shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    if name == "how-to/metrics-and-alerts.md":
        terminal.environment["METRICS"] = ""
    if "pip install -e ." in Page(name).text:
        terminal.environment["PYTHONPATH"] = str(terminal.folder)
    terminal.follow(block for block in Page(name).blocks() if not needs_promtool(block))
    assert terminal.ran >= PAGES[name]


def shown_by_browser(address: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Return what a browser makes of a page: its document, and on stderr its console."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium on PATH")
    flags = (
        *("headless", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-proxy-server"),
        *("disable-background-networking", "no-first-run", "enable-logging=stderr", "dump-dom"),
        *("virtual-time-budget=5000", f"user-data-dir={folder}"),
    )
    words = [chromium, *(f"--{flag}" for flag in flags), address]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=WAIT_S)


def test_a_web_page_shows_the_answer_only_if_its_origin_may_call(terminal: Terminal, tmp_path: Path) -> None:
    page = Page("how-to/call.md")
    terminal.follow(block for block in page.blocks() if block.file == "Double.py")
    terminal.follow(page.blocks("From a browser"))
    address = f"http://localhost:{terminal.ports[8000]}/page.html"
    assert ">[[2,4]]</output>" in shown_by_browser(address, tmp_path / "profile").stdout
    terminal.run("seldon-run Double REST")
    terminal.run("python -m http.server 8000")
    refused = shown_by_browser(address, tmp_path / "profile")
    assert "></output>" in refused.stdout
    (error,) = [block.text for block in Page("how-to/cors.md").blocks() if "blocked by CORS" in block.text]
    assert error.partition(": ")[2].strip() in refused.stderr


def test_a_web_page_shows_the_text_of_a_stream(terminal: Terminal, tmp_path: Path) -> None:
    page = Page("how-to/streams.md")
    terminal.follow(block for block in page.blocks() if block.file == "Chat.py")
    terminal.follow(page.blocks("Show it in a page"))
    address = f"http://localhost:{terminal.ports[8000]}/chat.html"
    shown: list[str] = []

    def is_whole() -> bool:
        """A browser's virtual time may end between two parts, so one look may come too early."""
        shown.append(shown_by_browser(address, tmp_path / "profile").stdout)
        return ">60 parts</output>" in shown[-1]

    wait_until(is_whole, "the whole text")
    (text,) = re.findall(r'<output id="text">([a-z ,.\n]+)</output>', shown[-1])
    assert len(text) == 60


def test_the_page_has_advice_for_every_alert() -> None:
    rules = (files("seldon_runtime_metrics") / "grafana" / "alerts.yaml").read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)
    assert set(re.findall(r"`(Seldon\w+)`", Page("how-to/metrics-and-alerts.md").text)) == {*alerts}
