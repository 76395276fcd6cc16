"""The example of a chat: its text grows, in a real browser and for curl, and is all there in the end."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S, Gate, wait_until
from tests.support.paths import EXAMPLES

FOLDER = EXAMPLES / "chat"
README = (FOLDER / "README.md").read_text()
PROMPT = "the river "
HELD_AT = 20
HELD = """
    from Chat import Chat

    class Held(Chat):
        def predict(self, X, features_names):
            for number, letter in enumerate(super().predict(X, features_names)):
                if number == {at}:
                    {gate}
                yield letter
"""
"""The example, which waits at the gate before one of its letters."""
CLEAN = {"PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def whole_text() -> str:
    """Return what the model writes after the prompt."""
    program = f"from Chat import Chat; c = Chat(); c.load(); print(*c.predict({PROMPT!r}, []), sep='')"
    done = subprocess.run([sys.executable, "-B", "-c", program], cwd=FOLDER, capture_output=True, check=True)
    return done.stdout.decode().removesuffix("\n")


@pytest.fixture
def origin() -> Iterator[str]:
    """Yield the origin of a server of the example's files."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(FOLDER)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def start(seldon_run: Callable[..., Any], gate: Gate) -> Callable[..., Any]:
    """``start(**env)``: a server of :data:`HELD`."""

    def start(**env: str) -> Any:
        source = HELD.replace("{gate}", gate.pass_).replace("{at}", str(HELD_AT))
        return seldon_run("Held", "REST", source=source, env={**CLEAN, "PYTHONPATH": str(FOLDER), **env})

    return start


def test_the_text_grows_in_the_page(
    start: Callable[..., Any], gate: Gate, browser: Any, origin: str, whole_text: str
) -> None:
    server = start(CORS_ORIGINS=origin)
    browser.get(f"{origin}/chat.html?server={server.url}")
    browser.find_element("id", "send").click()
    gate.wait_until_reached()

    def shown() -> str:
        text: str = browser.find_element("id", "talk").get_property("textContent")
        return text

    wait_until(lambda: len(shown()) >= len(PROMPT) + HELD_AT, "the first letters to be shown")
    assert shown() == PROMPT + whole_text[:HELD_AT]
    assert not browser.find_element("id", "send").is_enabled()
    gate.open()
    wait_until(lambda: browser.find_element("id", "send").is_enabled(), "the end of the text")
    assert shown() == PROMPT + whole_text
    assert len(whole_text) > 2 * HELD_AT


def test_the_page_says_that_the_server_does_not_answer(browser: Any, origin: str) -> None:
    browser.get(f"{origin}/chat.html?server={origin}/nowhere")
    browser.find_element("id", "send").click()
    talk = browser.find_element("id", "talk")
    wait_until(lambda: "no answer" in talk.get_property("textContent"), "the page to say so")
    assert browser.find_element("id", "send").is_enabled()


def test_curl_shows_each_letter_as_it_comes(start: Callable[..., Any], gate: Gate, whole_text: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (question,) = re.findall(r"^`(curl -N .*)`$", README, re.M)
    server = start()
    words = shlex.split(question.replace("localhost:5000", server.url))
    with subprocess.Popen([*words, "--silent", "--max-time", str(WAIT_S)], stdout=subprocess.PIPE) as curl:
        assert curl.stdout is not None
        before = b"".join(curl.stdout.readline() for _ in range(3 * HELD_AT)).decode()
        gate.wait_until_reached()
        assert letters(before) == whole_text[:HELD_AT]
        gate.open()
        after = curl.stdout.read().decode()
    assert letters(before + after) == whole_text
    assert after.endswith("event: end\ndata: {}\n\n")


def test_the_readme_starts_what_the_page_calls(seldon_run: Callable[..., Any], whole_text: str) -> None:
    (command,) = re.findall(r"^(CORS_ORIGINS=.*) &$", README, re.M)
    variable, _, *words = shlex.split(command)
    name, _, value = variable.partition("=")
    server = seldon_run(*words, folder=FOLDER, env={**CLEAN, name: value})
    answer = server.post("/predict", {"strData": PROMPT}, {"Origin": value})
    assert answer.json["strData"] == whole_text
    assert answer.headers["access-control-allow-origin"] == value


def letters(events: str) -> str:
    """Return the joined texts of server-sent events."""
    found = [json.loads(data) for data in re.findall(r"^data: (.*)$", events, re.M)]
    return "".join(message.get("strData", "") for message in found)
