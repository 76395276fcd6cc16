"""Several workers, killed and replaced under load: their metrics page has what clients counted."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from tests.support.http_client import NO_RESPONSE, HttpClient

Start = Callable[..., Any]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
CHOSEN = {"METRICS": "prometheus", "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": "0"}
WORKERS = ("--workers", "2", "--grpc-max-connection-age", "0.5")
COUNTED = (
    "rows_total",
    "took_count",
    "seldon_runtime_calls_total",
    "seldon_runtime_call_duration_seconds_count",
)

METERED = """
    import os

    class Metered:
        def predict(self, X, features_names):
            return X

        def tags(self):
            return {"process": str(os.getpid())}

        def metrics(self):
            return [
                {"type": "COUNTER", "key": "rows", "value": 1},
                {"type": "GAUGE", "key": "level", "value": 5},
                {"type": "TIMER", "key": "took", "value": 20},
            ]
"""


def samples(port: int) -> Samples:
    with HttpClient(port) as client:
        answer = client.get("/metrics/all")
    assert answer.status == 200, answer.text
    found = [sample for family in parse(answer.text) for sample in family.samples]
    page = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in found}
    assert len(page) == len(found)
    return page


def total(server: Any, name: str) -> float:
    """Over all labels."""
    return sum(value for (sample, _), value in samples(server.ports["metrics"]).items() if sample == name)


@pytest.fixture
def server(seldon_run: Start) -> Any:
    return seldon_run("Metered", "REST,GRPC", *WORKERS, source=METERED, env=CHOSEN)


def kill(server: Any, victim: str) -> None:
    """And wait until another worker has taken its place."""
    os.kill(int(victim), signal.SIGKILL)
    server.wait_for_log(rf"process {victim}\) was ended by SIGKILL(?s:.*)\) is ready")


def answered(*clients: Any) -> int:
    return sum(one.answered.total() for one in clients)


def test_totals_are_what_clients_counted_though_a_worker_is_killed_half_way(server: Any, load: Start) -> None:
    """2,000 mixed calls of 4 clients; no call is on its way in that moment."""
    clients = []
    for half in range(2):
        now = [load(server, transport, clients=2) for transport in ("rest", "grpc")]
        for one in now:
            one.wait_for_answers(500)
            one.stop()
            assert one.failures == []
        clients += now
        if half == 0:
            kill(server, now[0].answered.most_common(1)[0][0])
    assert answered(*clients) >= 2000
    for name in COUNTED:
        assert total(server, name) == answered(*clients), name
    assert total(server, "level") == 5
    assert total(server, "seldon_runtime_errors_total") == 0
    assert total(server, "seldon_runtime_starts_total") == 3
    assert total(server, "seldon_runtime_worker_restarts") == 1


def test_a_call_on_its_way_in_a_killed_worker_counts_at_most_once(server: Any, load: Start) -> None:
    """2,000 mixed calls of 4 clients. A call is counted when its answer is handed to the transport, so an
    answer that was counted, but not yet sent, is one that no client got: at most one for each client."""
    clients = [load(server, transport, clients=2) for transport in ("rest", "grpc")]
    for one in clients:
        one.wait_for_answers(500)
    kill(server, clients[0].answered.most_common(1)[0][0])
    for one in clients:
        one.wait_for_answers(500)
        one.stop()
    for name in COUNTED:
        assert 0 <= total(server, name) - answered(*clients) <= 4, name


class Scraper:
    """Scrapes again and again; remembers counters that went backwards."""

    def __init__(self, port: int) -> None:
        self.pages = 0
        self.faults: list[str] = []
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        before: Samples = {}
        while not self._stop.is_set():
            try:
                page = samples(self._port)
            except NO_RESPONSE:  # its worker was killed
                continue
            self.pages += 1
            for key, value in before.items():
                if re.search("_(total|count|bucket|sum)$", key[0]) and not page.get(key, -1) >= value:
                    self.faults.append(f"{key}: {value} became {page.get(key)}")
            before = page

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture
def scraper(server: Any) -> Iterator[Scraper]:
    scraper = Scraper(server.ports["metrics"])
    yield scraper
    scraper.stop()


def folder_of(process: str) -> Path:
    """The folder that the supervisor gave a worker."""
    environment = Path(f"/proc/{process}/environ").read_bytes().decode().split("\0")
    (told,) = [word for word in environment if word.startswith("SELDON_RUNTIME_WORKER=")]
    return Path(json.loads(told.partition("=")[2])["folder"], "metrics")


def test_counters_never_go_backwards_and_files_do_not_pile_up(
    server: Any, load: Start, scraper: Scraper
) -> None:
    clients = load(server, "grpc", clients=2)
    files = folder_of(min(clients.wait_for_processes(2)))
    first = {path.name for path in files.glob("*")}
    for _ in range(3):
        old = frozenset(clients.answered)
        kill(server, re.findall(r"process (\d+)\) is ready", server.log)[-1])
        server.process.send_signal(signal.SIGHUP)
        clients.wait_for_processes(2, other_than=old)
    pages = scraper.pages
    clients.wait_for_answers(500)
    assert scraper.pages > pages
    scraper.stop()
    clients.stop()
    assert scraper.faults == []
    assert total(server, "seldon_runtime_worker_restarts") == 3
    later = {path.name for path in files.glob("*")}
    slots = {re.search(r"\d+", name)[0] for name in later}  # type: ignore[index]
    assert len(slots) <= 4, later  # a worker and the one it replaces, twice
    assert len(later) <= 2 * len(first)
    assert 0 <= total(server, "rows_total") - clients.answered.total() <= 2 * 3


def test_the_folder_goes_with_the_last_worker(server: Any, load: Start) -> None:
    clients = load(server, "rest", clients=1)
    folder = folder_of(next(iter(clients.wait_for_processes(1))))
    clients.stop()
    assert list(folder.glob("*.db"))
    assert server.stop() == 0
    assert not folder.exists()
