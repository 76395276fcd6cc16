"""State in a real Redis that fails under load: no call fails, and what was learned is kept."""

from __future__ import annotations

import io
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.envelope import unseal

Start = Callable[..., Any]

EXAMPLE = Path(__file__).parent.parent / "examples" / "bandit_router"
KEY = "persistence_0_0_0"
INTERVAL_S = 0.5
FEEDBACK = {"response": {"meta": {"routing": {"0": 1}}}, "reward": 1.0}
PATIENCE_S = 30.0


def until(condition: Callable[[], Any], timeout_s: float = PATIENCE_S) -> Any:
    """What ``condition`` gives when it gives anything true, asked again and again."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return found


@pytest.fixture
def router(seldon_run: Start, redis_server: Any, tmp_path: Path) -> Start:
    """Starts the bandit router of the examples, with its state in the test's Redis."""

    def start(*words: str, env: dict[str, str] | None = None, **keywords: Any) -> Any:
        environment = {**redis_server.environment, "REDIS_TIMEOUT_S": "0.5", **(env or {})}
        return seldon_run(
            *("ThompsonRouter", "REST", "--service-type", "ROUTER", "--persistence", "1"),
            *("--persistence-interval", str(INTERVAL_S), *words),
            source=EXAMPLE.joinpath("ThompsonRouter.py").read_text(),
            env=environment,
            **keywords,
        )

    return start


def learned(server: Any) -> int:
    """How many rewards it remembers."""
    tags = server.post("/route", {"data": {"ndarray": [[1]]}}).json["meta"]["tags"]
    return round(sum(tags["successes"]))


def degraded(server: Any) -> bool:
    return "degraded" in server.get("/health/ready").json


class Load:
    """Feedback and route calls from one client, until stopped; every answer is looked at."""

    def __init__(self, server: Any) -> None:
        self.rewarded: list[float] = []
        """When each reward had been answered."""
        self.failures: list[Any] = []
        self.slowest_s = 0.0
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        with self._server.client() as client:
            while not self._stop.is_set():
                try:
                    began = time.monotonic()
                    answers = [
                        client.post("/send-feedback", FEEDBACK),
                        client.post("/route", {"data": {"ndarray": [[1]]}}),
                    ]
                    self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                except OSError as error:
                    self.failures.append(error)
                    return
                self.failures += [answer.text for answer in answers if answer.status != 200]
                self.rewarded.append(time.monotonic())
                self._stop.wait(0.002)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_S)

    def more(self, number: int = 20) -> None:
        """Until that many rewards more have been answered."""
        goal = len(self.rewarded) + number
        until(lambda: len(self.rewarded) >= goal or self.failures)
        assert self.failures == []


@pytest.fixture
def load() -> Iterator[Callable[[Any], Load]]:
    loads: list[Load] = []

    def start(server: Any) -> Load:
        loads.append(Load(server))
        return loads[-1]

    yield start
    for each in loads:
        each.stop()


def version(redis_server: Any) -> int:
    return int(redis_server.command("GET", f"{KEY}:version") or 0)


class Reading(pickle.Unpickler):
    """Of a router's state, here, where its class cannot be imported."""

    def find_class(self, module: str, name: str) -> Any:
        return type(name, (), {}) if module == "ThompsonRouter" else super().find_class(module, name)


def stored(redis_server: Any) -> int:
    """How many rewards the state in Redis remembers."""
    blob = redis_server.command("GET", KEY)
    router = Reading(io.BytesIO(unseal(blob, KEY).payload)).load()
    return round(sum(router.successes))


# how much is lost


def test_a_killed_router_loses_no_more_than_one_interval(
    router: Start, redis_server: Any, load: Callable[[Any], Load]
) -> None:
    server = router()
    running = load(server)
    until(lambda: version(redis_server) >= 3)
    killed = time.monotonic()
    server.kill()
    running.stop()
    remembered = learned(router())
    due = sum(when < killed - INTERVAL_S - 0.25 for when in running.rewarded)  # 0.25 s: for the save itself
    assert due > 0
    assert due <= remembered <= len(running.rewarded) + 1


def test_a_terminated_router_loses_nothing(
    router: Start, redis_server: Any, load: Callable[[Any], Load]
) -> None:
    server = router("--persistence-interval", "3600")
    running = load(server)
    running.more(50)
    running.stop()
    assert server.stop() == 0
    assert running.failures == []
    assert version(redis_server) == 1
    assert learned(router()) == len(running.rewarded)


# faults


def stop(redis_server: Any) -> Callable[[], None]:
    redis_server.stop(save=True)
    return redis_server.start  # type: ignore[no-any-return]


def lose(redis_server: Any) -> Callable[[], None]:
    redis_server.command("FLUSHALL")
    redis_server.stop()
    return redis_server.start  # type: ignore[no-any-return]


def freeze(redis_server: Any) -> Callable[[], None]:
    redis_server.freeze()
    return redis_server.thaw  # type: ignore[no-any-return]


def fill(redis_server: Any) -> Callable[[], None]:
    redis_server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    redis_server.command("CONFIG", "SET", "maxmemory", "1")
    return lambda: redis_server.command("CONFIG", "SET", "maxmemory", "0")


@pytest.mark.parametrize("fault", [stop, lose, freeze, fill])
def test_while_redis_fails_no_call_does_and_the_newest_state_is_saved_afterwards(
    fault: Callable[[Any], Callable[[], None]],
    router: Start,
    redis_server: Any,
    load: Callable[[Any], Load],
) -> None:
    server = router()
    running = load(server)
    until(lambda: version(redis_server) >= 1)
    mend = fault(redis_server)
    until(lambda: degraded(server))
    server.wait_for_log(r"ERROR .*state was not saved to redis 127\.0\.0\.1")
    running.more()
    mend()
    until(lambda: not degraded(server))
    running.more()
    running.stop()
    assert running.failures == []
    assert running.slowest_s < 2
    expected = len(running.rewarded)
    assert learned(server) == expected
    until(lambda: stored(redis_server) == expected)
    server.kill()
    assert learned(router()) == expected


def test_redis_that_is_down_at_the_end_costs_the_last_state_and_the_exit_status_says_so(
    router: Start, redis_server: Any
) -> None:
    server = router("--grace", "1")
    assert server.post("/send-feedback", FEEDBACK).status == 200
    redis_server.stop()
    server.terminate()
    assert server.wait() == 1
    assert "the last state was not saved" in server.log


# at the start


def test_redis_that_is_down_at_the_start_stops_it(router: Start, redis_server: Any) -> None:
    redis_server.stop()
    server = router(wait=False)
    assert server.wait() == 3
    assert f"state cannot be read from redis 127.0.0.1:{redis_server.port}" in server.log
    assert "PERSISTENCE_AT_START" in server.log


def test_redis_that_is_down_at_the_start_can_be_waited_for(router: Start, redis_server: Any) -> None:
    first = router()
    first.post("/send-feedback", FEEDBACK)
    first.stop()
    redis_server.stop(save=True)
    second = router(env={"PERSISTENCE_AT_START": "wait"}, wait=False)
    second.wait_for_log("trying again")
    redis_server.start()
    second.wait_until_ready()
    assert learned(second) == 1


def test_waiting_for_redis_ends(router: Start, redis_server: Any) -> None:
    redis_server.stop()
    server = router(env={"PERSISTENCE_AT_START": "wait", "PERSISTENCE_WAIT_S": "0.5"}, wait=False)
    assert server.wait() == 3
    assert "state cannot be read" in server.log


def test_a_fresh_start_without_redis_saves_when_it_comes(router: Start, redis_server: Any) -> None:
    redis_server.stop()
    server = router(env={"PERSISTENCE_AT_START": "fresh"})
    server.post("/send-feedback", FEEDBACK)
    server.wait_for_log("was not saved")
    redis_server.start()
    until(lambda: version(redis_server))
    server.kill()
    assert learned(router()) == 1


def test_a_fresh_start_does_not_overwrite_the_state_that_turns_up(router: Start, redis_server: Any) -> None:
    first = router()
    first.post("/send-feedback", FEEDBACK)
    first.stop()
    redis_server.stop(save=True)
    second = router(env={"PERSISTENCE_AT_START": "fresh"})
    redis_server.start()
    second.wait_for_log(r"is at version 1, expected 0: another process saved it")
    second.stop()
    assert learned(router()) == 1


def test_the_bare_switch_without_redis_serves_and_says_that_state_is_not_kept(
    seldon_run: Start, free_port: int
) -> None:
    source = "class Identity:\n    def predict(self, X, names):\n        return X\n"
    server = seldon_run(
        *("Identity", "REST", "--persistence", "1"),
        source=source,
        env={"REDIS_SERVICE_PORT": str(free_port)},  # nobody listens at the default host
    )
    assert "STATE IS NOT KEPT" in server.log
    assert server.post("/predict", {"strData": "x"}).json["strData"] == "x"
