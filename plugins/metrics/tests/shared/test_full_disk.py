"""A full disk refuses new series; it ends no worker, and harms nothing that counts already.

Each worker has a file system of its own in memory, mounted where only it and its children see it.
"""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from seldon_runtime.plugin import Method

from .workers import ROWS, TOOK, Worker

DURATION = "seldon_runtime_call_duration_seconds"
NAMESPACE = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
MOUNT = "mount -t tmpfs -o size=256k metrics {0} && "
FILL = "dd if=/dev/zero of={0}/filler bs=4k 2>/dev/null; "


def can_mount(folder):
    if shutil.which("unshare") is None:
        return False
    command = [*NAMESPACE, "sh", "-c", MOUNT.format(folder) + "true"]
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    if not can_mount(folder):
        pytest.skip("this user may not mount a file system of its own (unshare --mount)")
    return folder


@pytest.fixture
def start(disk):
    """Starts a worker on a disk of its own, prepared by a line of shell."""
    workers = []

    def start(prepare=""):
        line = MOUNT.format(disk) + prepare.format(disk) + 'exec "$@"'
        workers.append(Worker(disk / "metrics", before=[*NAMESPACE, "sh", "-c", line, "sh"]))
        return workers[-1]

    yield start
    for worker in workers:
        worker.end()
        worker.process.stdin.close()
        worker.process.stdout.close()


def test_series_are_refused_and_counted_while_all_else_goes_on(start):
    worker = start()
    worker.measure(ROWS, TOOK)
    for number in range(60):
        worker.measure(ROWS, {**TOOK, "tags": {"n": str(number)}})
    assert worker.value("rows_total") == 61
    assert worker.value("seldon_runtime_calls_total", method="predict") == 61
    refused = worker.value("seldon_runtime_custom_metrics_dropped_total", reason="no_room")
    assert 0 < refused < 60
    assert worker.page().count("took_count{") == 61 - refused
    worker.do("every method")  # the runtime's own series have no room for all of them either
    answered = [worker.value(f"{DURATION}_count", method=method.label) for method in Method]
    assert None in answered
    assert worker.value(f"{DURATION}_count", method="predict") == 62


def test_a_disk_that_is_full_at_the_start_is_a_start_up_error(disk):
    line = MOUNT.format(disk) + FILL.format(disk) + 'exec "$@"'
    command = [*NAMESPACE, "sh", "-c", line, "sh", *Worker.program(disk / "metrics")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 1
    assert "StartupError: cannot share metrics in the folder" in done.stderr
    assert "No space left on device" in done.stderr
