"""The class of the page about GPUs, on the processor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.pages import Page


def test_the_class_of_the_page_serves_without_a_gpu(seldon_run: Callable[..., Any]) -> None:
    pytest.importorskip("torch", reason="torch is only in the environment of tox's frameworks")
    (block,) = [block for block in Page("how-to/gpu.md").blocks() if block.file == "Linear.py"]
    server = seldon_run("Linear", "REST", "--devices", "0", source=block.text)
    answer = server.post("/predict", {"data": {"ndarray": [[1, 2, 3, 4], [5, 6, 7, 8]]}})
    assert [len(row) for row in answer.json["data"]["ndarray"]] == [2, 2]
