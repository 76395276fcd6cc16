"""Servers of the models of ``tests/conformance_v2`` for the clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seldon_runtime.testing.processes import Starter
from tests.support.process import ServedProcess
from tests.support.v2_cases import FOLDER


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, str]]]:
    """``places(model)``: the addresses of a server of the model, by transport."""
    starter = Starter(tmp_path_factory.mktemp("v2-servers"), ServedProcess)
    started: dict[str, Any] = {}

    def places(model: str) -> dict[str, str]:
        if model not in started:
            started[model] = starter(model, "REST,GRPC", folder=FOLDER / "models")
        return {transport: f"127.0.0.1:{port}" for transport, port in started[model].ports.items()}

    yield places
    starter.end()
