"""GPUs are dealt out to workers before user code is imported. The environment stands in for CUDA."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.testing import wait_until

Start = Callable[..., Any]

SOURCE = """
    import os
    import sys

    # one write for a line: workers share the output
    sys.stdout.write(f"imported with {os.environ.get('CUDA_VISIBLE_DEVICES')}\\n")

    class Model:
        def predict(self, X, names):
            return os.environ["CUDA_VISIBLE_DEVICES"]
"""


def seen(server: Any) -> list[str]:
    """What each worker found when it imported the class."""
    return sorted(re.findall(r"imported with (\S+)", server.log))


@pytest.mark.parametrize(
    ("words", "devices"),
    [
        (["--devices", "0,GPU-5ebe9f43"], ["0", "GPU-5ebe9f43"]),
        (["--devices", "0,1", "--workers", "3"], ["0", "0", "1"]),
        (["--devices", "2, 3", "--workers", "1"], ["2,3"]),
    ],
    ids=["one for each", "more workers", "one process"],
)
def test_each_worker_sees_its_device(seldon_run: Start, words: list[str], devices: list[str]) -> None:
    server = seldon_run("Model", "REST", *words, source=SOURCE)
    wait_until(lambda: seen(server) == devices, "each worker has printed its device")
    assert server.post("/predict", {"strData": "which"}).json["strData"] in devices


def test_a_restarted_worker_sees_the_device_of_the_worker_before_it(seldon_run: Start) -> None:
    source = SOURCE.replace("return os", "os._exit(1) if X == 'end' else None; return os")
    server = seldon_run("Model", "REST", "--devices", "0,1", source=source)
    device = _ended(server)
    server.wait_for_log(r"worker \d \(process \d+\) is ready(.*\n)*.*ended with status 1(.*\n)*.*is ready")
    wait_until(lambda: seen(server) == sorted(["0", "1", device]), "the new worker has printed its device")


def _ended(server: Any) -> str:
    """End the worker that answers; return its device."""
    with server.client() as client:
        device: str = client.post("/predict", {"strData": "which"}).json["strData"]
        with pytest.raises(http.client.RemoteDisconnected):
            client.post("/predict", {"strData": "end"})
    return device


def test_an_empty_name_is_refused(seldon_run: Start) -> None:
    server = seldon_run("Model", "REST", "--devices", "0,,1", source=SOURCE, wait=False)
    assert server.wait() == 2
    assert "has an empty name, expected devices such as 0,1" in server.log
