"""Gauges of the current state."""

from __future__ import annotations

import os
import threading

from seldon_runtime.testing import WAIT_S, Gated

CALLS = "seldon_runtime_calls_total"


def test_the_queue_and_the_running_call_are_seen_while_user_code_blocks(serve):
    user = Gated()
    served = serve(user)
    finished = threading.Semaphore(0)
    for _ in range(4):
        served.service.submit(served.make_call({"strData": "wait"}), lambda answer, error: finished.release())
    user.wait_until_entered()
    assert served.value("seldon_runtime_calls_running") == 1
    assert served.value("seldon_runtime_queue_length") == 3
    assert served.value("seldon_runtime_queue_limit") == 100
    user.open()
    for _ in range(4):
        assert finished.acquire(timeout=WAIT_S)
    assert served.value("seldon_runtime_calls_running") == 0
    assert served.value("seldon_runtime_queue_length") == 0
    assert served.value(CALLS) == 4


def test_the_process_is_measured(served):
    assert 1e6 < served.value("process_resident_memory_bytes") < served.value("process_virtual_memory_bytes")
    assert 3 < served.value("process_open_fds") < served.value("process_max_fds")
    times = os.times()
    assert 0 < served.value("process_cpu_seconds_total") <= times.user + times.system + 0.1
    assert served.value("process_cpu_seconds_total") <= served.value("process_cpu_seconds_total")


def test_nothing_carries_a_label_of_the_process(served):
    served.measure({"type": "GAUGE", "key": "level", "value": 1})
    assert not {"pid", "worker_id"} & {name for _, labels in served.samples() for name, _ in labels}
