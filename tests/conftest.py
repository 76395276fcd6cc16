"""Processes, raw connections and fresh environments for the tests of all folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import Process
from tests.support.environment import FreshEnvironment
from tests.support.process import ServedProcess
from tests.support.raw_socket import RawSocket


@pytest.fixture(scope="session")
def process_type() -> type[Process]:
    """Return the class of the processes that the kit's ``seldon_run`` starts."""
    return ServedProcess


@pytest.fixture
def raw_socket() -> Iterator[Callable[..., RawSocket]]:
    """``raw_socket(process, transport="rest")``: a connected :class:`RawSocket`, closed after the test."""
    connected: list[RawSocket] = []

    def connect(process: Any, transport: str = "rest") -> RawSocket:
        connected.append(RawSocket(process.ports[transport]))
        return connected[-1]

    yield connect
    for each in connected:
        each.close()


@pytest.fixture
def fresh_install(tmp_path: Path) -> Callable[[str], Path]:
    """``fresh_install("plugins/rest")`` installs this distribution into the test's own new environment.

    It is built as a wheel. Returns the folder of the environment's programs.
    """
    return FreshEnvironment(tmp_path).install
