"""Several workers and one page: sums stay exact, whatever becomes of the workers."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
import time
from contextlib import suppress

import pytest

from seldon_runtime.plugin import Method, SaveRecord, SeldonError, StartupError

from .workers import ROWS, TOOK, Worker, gauge


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "metrics"


@pytest.fixture
def start(folder):
    """Starts a worker that shares the folder."""
    workers = []

    def start(max_series=1000):
        workers.append(Worker(folder, max_series))
        return workers[-1]

    yield start
    for worker in workers:
        worker.process.kill()
        for pipe in (worker.process.stdin, worker.process.stdout):
            with suppress(BrokenPipeError):
                pipe.close()
        worker.process.wait()


def test_either_page_has_the_sums_of_both_workers(start):
    first, second = start(), start()
    for worker, times in ((first, 3), (second, 4)):
        for _ in range(times):
            worker.measure(ROWS, TOOK)
    for worker in (first, second):
        assert worker.value("rows_total") == 7
        assert worker.value("took_count") == 7
        assert worker.value("took_sum") == pytest.approx(0.14)
        assert worker.value("took_bucket", le="+Inf") == 7
        assert worker.value("seldon_runtime_calls_total", method="predict") == 7
        assert worker.value("seldon_runtime_call_duration_seconds_count") == 7
        assert worker.value("seldon_runtime_info") == 1


def test_the_only_worker_s_page_is_the_same_with_and_without_a_folder(serve, folder):
    alone, sharing = serve(), serve(metrics_dir=str(folder))
    for served in (alone, sharing):
        served.measure(ROWS, gauge(5), TOOK, {**TOOK, "tags": {"zone": "a"}, "value": 1e6})
        served.measure(ROWS, gauge(-1.5), TOOK, {**ROWS, "tags": {"b": "2", "a": "1"}})
        served.call({"reward": 1}, Method.SEND_FEEDBACK)
        with pytest.raises(SeldonError):
            served.call({"strData": 5})
        served.observer.state_saved(SaveRecord(None, 100, 0.1, 0.2))
    one, other = alone.samples(), sharing.samples()
    assert one.keys() == other.keys()
    changing = re.compile("process_|.*(_seconds|_timestamp)(_sum|_bucket|$)")
    same = [key for key in one if not changing.match(key[0])]
    assert len(same) > 100
    assert [one[key] for key in same] == [other[key] for key in same]
    described = [sorted(re.findall("^# .*", served.page(), re.M)) for served in (alone, sharing)]
    assert described[0] == described[1]


def test_a_gauge_is_the_last_value_that_any_worker_set_even_a_dead_one(start):
    first, second = start(), start()
    first.measure(gauge(1))
    second.measure(gauge(2))
    assert first.value("level") == 2
    first.measure(gauge(3))
    first.end()
    assert second.value("level") == 3


def test_counters_never_go_backwards_when_workers_die_and_come_back(start, folder):
    survivor = start()
    for number in range(1, 6):
        worker = start()
        worker.measure(ROWS, TOOK)
        worker.end()
        assert survivor.value("rows_total") == number
        assert survivor.value("took_count") == number
        assert survivor.value("seldon_runtime_calls_total") == number
    files = {path.name.rpartition("_")[2] for path in folder.glob("*.db")}
    assert files <= {f"slot{slot}{rest}.db" for slot in (0, 1) for rest in ("", "-calls")}
    assert len(list(folder.glob("slot-*.lock"))) == 2


def test_gauges_of_a_dead_worker_do_not_count(start):
    first, second = start(), start()
    for worker in (first, second):
        worker.do("life", "loaded")
        worker.do("life", "ready")
        worker.page()  # samples
    assert first.value("seldon_runtime_ready") == 2
    memory = first.value("process_resident_memory_bytes")
    cpu = first.value("process_cpu_seconds_total")
    second.end()
    assert first.value("seldon_runtime_ready") == 1
    assert first.value("seldon_runtime_queue_limit") == 100
    assert first.value("process_resident_memory_bytes") < 0.7 * memory
    assert first.value("process_cpu_seconds_total") >= cpu
    assert first.value("seldon_runtime_starts_total") == 2


def test_a_worker_that_has_measured_nothing_yet_is_not_the_lowest(start):
    first = start()
    began = first.value("process_start_time_seconds")
    for _ in range(3):
        start()
        assert first.value("process_start_time_seconds") == began
        assert first.value("process_max_fds") > 0


def test_another_worker_s_gauges_are_recent_without_a_scrape_of_it(start):
    first, second = start(), start()
    deadline = time.monotonic() + 10
    while first.value("seldon_runtime_queue_limit") != 200:
        assert time.monotonic() < deadline
    assert second.process.poll() is None


def test_workers_that_use_one_name_for_two_types_do_not_damage_the_page(start):
    first, second = start(), start()
    first.measure({"type": "COUNTER", "key": "mixed", "value": 5})
    second.measure({"type": "GAUGE", "key": "mixed", "value": 7})
    for worker in (first, second):
        assert worker.value("mixed_total") == 5
        assert worker.value("mixed") == 7
        assert worker.value("seldon_runtime_calls_total") == 2


def test_the_limit_of_series_holds_over_restarts(start):
    for generation in range(4):
        worker = start(max_series=6)
        for number in range(3):
            worker.measure(
                {**ROWS, "tags": {"user": f"{generation}-{number}"}}, {**TOOK, "tags": {"user": "x"}}
            )
        page = worker.page()
        worker.end()
    assert page.count("rows_total{") == 5
    assert page.count("took_count{") == 1


def test_what_user_code_forks_neither_holds_the_slot_nor_writes_to_it(start, folder):
    worker = start()
    worker.measure(ROWS)
    child = worker.do("fork")
    try:
        worker.end()
        successor = start()
        successor.measure(ROWS)
        assert successor.value("rows_total") == 2
        assert len(list(folder.glob("slot-*.lock"))) == 1
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_worker_that_was_just_making_its_files_does_not_break_the_page(start, folder):
    worker = start()
    folder.joinpath("counter_slot7.db").touch()
    worker.measure(ROWS)
    assert worker.value("rows_total") == 1


def test_a_folder_that_cannot_be_written_is_a_start_up_error(serve, tmp_path):
    tmp_path.joinpath("file").touch()
    with pytest.raises(StartupError, match=r"the folder .*file/metrics .*PROMETHEUS_MULTIPROC_DIR"):
        serve(metrics_dir=str(tmp_path / "file" / "metrics"))


def test_totals_are_what_clients_counted_though_a_worker_is_killed_half_way(start):
    """2 workers, 4 clients, 2,000 calls, one SIGKILL: a call whose answer nobody got may count or not."""
    workers = [start(), start()]
    locks = [threading.Lock(), threading.Lock()]
    total, lost = 2000, 0
    counted = threading.Semaphore(0)
    answered = [0] * 4

    def client(index):
        nonlocal lost
        choose = random.Random(index)
        for _ in range(total // 4):
            slot = choose.randrange(2)
            with locks[slot]:
                try:
                    workers[slot].measure(ROWS)
                    answered[index] += 1
                except (AssertionError, BrokenPipeError):
                    lost += 1
                    workers[slot] = start()
            counted.release()

    clients = [threading.Thread(target=client, args=(index,)) for index in range(4)]
    for thread in clients:
        thread.start()
    for _ in range(total // 2):
        counted.acquire()
    workers[1].process.kill()
    for thread in clients:
        thread.join()
    assert lost == 1
    for name in ("rows_total", "seldon_runtime_calls_total"):
        assert sum(answered) <= workers[0].value(name) <= sum(answered) + lost
        assert workers[0].value(name) == workers[1].value(name)
