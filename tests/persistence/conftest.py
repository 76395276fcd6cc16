"""Components that learn, what they are asked meanwhile, and where their state is."""

from __future__ import annotations

import io
import pickle
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.builtin.file_store import FileStore
from seldon_runtime.persistence.envelope import unseal
from seldon_runtime.testing import WAIT_S, wait_until
from tests.support.paths import EXAMPLES

EXAMPLE = EXAMPLES / "bandit_router" / "ThompsonRouter.py"
FEEDBACK = {"response": {"meta": {"routing": {"0": 1}}}, "reward": 1.0}
TALLY = """
    class Tally:
        def __init__(self, start=0, push_frequency=None):
            self.count = start
            self.loads = 0
        def load(self):
            self.loads += 1
        def predict(self, X, features_names):
            self.count += 1
            return [[self.count, self.loads]]
"""


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """``until(condition)`` waits for it."""
    return lambda condition: wait_until(condition, "what the test says")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    """Where the processes of the test keep their state, unless it is Redis."""
    return FileStore(tmp_path / "seldon-state")


@pytest.fixture
def tally(seldon_run: Callable[..., Any]) -> Callable[..., Any]:
    """Starts the class Tally, or another ``name`` for it, with the file store.

    ``change`` is a text of its source, and what stands there instead.
    """

    def start(
        *words: str,
        name: str = "Tally",
        api: str = "REST",
        change: tuple[str, str] = ("", ""),
        persistence: str = "file",
        **keywords: Any,
    ) -> Any:
        source = TALLY.replace("Tally", name).replace(*change)
        return seldon_run(name, api, "--persistence", persistence, *words, source=source, **keywords)

    return start


@pytest.fixture
def count() -> Callable[[Any], int]:
    """``count(server)``: one more prediction of Tally; the number that it is."""

    def count(server: Any) -> int:
        return server.post("/predict", {"data": {"ndarray": [[0]]}}).json["data"]["ndarray"][0][0]

    return count


class _Reading(pickle.Unpickler):
    """Of objects whose class cannot be imported here."""

    def find_class(self, module: str, name: str) -> Any:
        return (
            type(name, (), {}) if module in ("Tally", "ThompsonRouter") else super().find_class(module, name)
        )


@pytest.fixture
def attributes_in() -> Callable[[bytes], dict[str, Any]]:
    """``attributes_in(blob)``: those of the object whose state it is."""

    def attributes_in(blob: bytes) -> dict[str, Any]:
        return vars(_Reading(io.BytesIO(unseal(blob, None).snapshot.pickle)).load())

    return attributes_in


@pytest.fixture
def router(redis_server: Any, seldon_run: Callable[..., Any]) -> Callable[..., Any]:
    """Starts the bandit router of the examples, with its state in the test's Redis, saved twice a second.

    The process ends before the Redis does.
    """

    def start(*words: str, env: dict[str, str] | None = None, **keywords: Any) -> Any:
        return seldon_run(
            *("ThompsonRouter", "REST", "--service-type", "ROUTER", "--persistence", "1"),
            *("--persistence-interval", "0.5", *words),
            source=EXAMPLE.read_text(),
            env={**redis_server.environment, "REDIS_TIMEOUT_S": "0.5", **(env or {})},
            **keywords,
        )

    return start


@pytest.fixture
def reward() -> Callable[[Any], None]:
    """``reward(server)``: one reward for branch 1 of the router."""

    def reward(server: Any) -> None:
        assert server.post("/send-feedback", FEEDBACK).status == 200

    return reward


@pytest.fixture
def learned() -> Callable[[Any], int]:
    """``learned(server)``: how many rewards the router remembers."""

    def learned(server: Any) -> int:
        tags = server.post("/route", {"data": {"ndarray": [[1]]}}).json["meta"]["tags"]
        return round(sum(tags["successes"]))

    return learned


class Load:
    """Feedback and route calls from one client, until stopped; every answer is looked at."""

    def __init__(self, server: Any) -> None:
        self.rewarded = 0
        """How many rewards have been answered."""
        self.failures: list[Any] = []
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        with self._server.client() as client:
            while not self._stop.is_set():
                try:
                    answers = [
                        client.post("/send-feedback", FEEDBACK),
                        client.post("/route", {"data": {"ndarray": [[1]]}}),
                    ]
                except OSError as error:
                    self.failures.append(error)
                    return
                self.failures += [answer.text for answer in answers if answer.status != 200]
                self.rewarded += 1
                self._stop.wait(0.002)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(WAIT_S)

    def more(self, number: int = 20) -> None:
        """Until that many rewards more have been answered."""
        goal = self.rewarded + number
        wait_until(lambda: self.rewarded >= goal or self.failures, f"{number} more rewards")
        assert self.failures == []


@pytest.fixture
def load() -> Iterator[Callable[[Any], Load]]:
    """``load(server)`` begins to ask it."""
    loads: list[Load] = []

    def start(server: Any) -> Load:
        loads.append(Load(server))
        return loads[-1]

    yield start
    for each in loads:
        each.stop()
