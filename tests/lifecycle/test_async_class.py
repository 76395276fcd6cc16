"""A process whose class has async methods: libraries of asyncio, the drain, the state, and odd classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import Background, Gate, wait_until

SOURCE = """
    import asyncio
    import aiohttp

    class Fetches:
        def __init__(self):
            self.fetched = 0

        async def load(self):
            self.session = aiohttp.ClientSession()

        async def predict(self, X, names):
            async with asyncio.TaskGroup() as group:
                parts = [group.create_task(self.fetch(url)) for url in X]
            self.fetched += 1
            return [part.result() for part in parts]

        async def fetch(self, url):
            async with self.session.get(url) as answer:
                return answer.status

        async def health_status(self):
            return {"fetched": self.fetched, "loop": type(asyncio.get_running_loop()).__module__}

        async def send_feedback(self, X, names, reward, truth):
            await asyncio.sleep(0)
            return [reward]
"""


def ask(server: Any, path: str, body: Any) -> Any:
    with server.client() as client:
        return client.post(path, body).json


@pytest.mark.parametrize("words", [(), ("--threads", "3"), ("--component-thread", "main")], ids=str)
def test_an_async_class_uses_the_libraries_of_asyncio(seldon_run: Callable[..., Any], words: Any) -> None:
    pytest.importorskip("aiohttp")
    server = seldon_run("Fetches", "REST,GRPC", *words, source=SOURCE)
    ready = f"http://127.0.0.1:{server.ports['rest']}/health/ping"
    answer = ask(server, "/predict", {"data": {"ndarray": [ready, ready]}})
    assert answer["data"]["ndarray"] == [200, 200]
    assert ask(server, "/send-feedback", {"reward": 2})["data"]["tensor"]["values"] == [2.0]
    with server.client() as client:
        status = client.get("/health/status").json["jsonData"]
    assert status["fetched"] == 1
    assert status["loop"] == ("asyncio.unix_events" if "main" in words else "uvloop")
    assert "Fetches has async methods: up to 100 calls interleave" in server.log


WAITS = """
    import asyncio

    class Waits:
        def __init__(self):
            self.answered = 0

        async def predict(self, X, names):
            if X == "wait":
                await asyncio.to_thread(lambda: {gate})
            self.answered += 1
            return str(self.answered)
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_drain_waits_for_calls_that_await_and_saves_what_they_changed(
    seldon_run: Callable[..., Any], gate: Gate, tmp_path: Path, workers: str
) -> None:
    words = ["--workers", workers]
    if workers == "1":
        words += ["--persistence", "file", "--persistence-folder", str(tmp_path / "state")]
    source = WAITS.replace("{gate}", gate.pass_)
    server = seldon_run("Waits", "REST", *words, source=source)
    running = Background(lambda: ask(server, "/predict", {"strData": "wait"}))
    gate.wait_until_reached()
    if workers == "1":
        assert ask(server, "/predict", {"strData": "quick"})["strData"] == "1"
    server.terminate()
    wait_until(lambda: "draining" in server.log, "the drain to begin")
    gate.open()
    assert running.outcome["strData"] == ("2" if workers == "1" else "1")
    assert server.wait() == 0
    if workers == "1":
        again = seldon_run("Waits", "REST", *words, source=source)
        assert ask(again, "/predict", {"strData": "quick"})["strData"] == "3"


def test_an_async_method_whose_result_is_needed_at_once_is_named_at_the_start(
    seldon_run: Callable[..., Any],
) -> None:
    source = """
        class Odd:
            async def predict(self, X, names):
                return X

            async def tags(self):
                return {}
    """
    server = seldon_run("Odd", "REST", source=source, wait=False)
    assert server.wait() != 0
    assert "Odd.tags is an async method, expected a plain one" in server.log
