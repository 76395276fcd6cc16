"""Servers of the models of ``tests/conformance_v2``, and of those here, for the clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing.processes import Starter
from tests.support.process import ServedProcess
from tests.support.v2_cases import FOLDER

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, str]]]:
    """``places(model)``: the addresses of a server of the model, by transport."""
    starter = Starter(tmp_path_factory.mktemp("v2-servers"), ServedProcess)
    started: dict[str, Any] = {}

    def places(model: str) -> dict[str, str]:
        if model not in started:
            folder = HERE if (HERE / f"{model}.py").exists() else FOLDER / "models"
            started[model] = starter(model, "REST,GRPC", folder=folder)
        return {transport: f"127.0.0.1:{port}" for transport, port in started[model].ports.items()}

    yield places
    starter.end()
