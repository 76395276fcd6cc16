"""Tests of ``seldon_runtime.process``.

Modules without a test module of their name, and the tests that hold them:
    devices: tests/lifecycle/test_devices.py
    in_program: tests/lifecycle/test_in_program.py
    main_thread: tests/lifecycle/test_main_thread.py
    transports: tests/lifecycle/test_transports.py, tests/faults/test_plugins.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seldon_runtime.settings.values import Settings

from .runtimes import MODEL, Loader


@pytest.fixture
def load_with(
    publish: Callable[..., Path], write: Callable[[str, str], Path], settings: Callable[..., Settings]
) -> Iterator[Loader]:
    """``load_with(*sources, **settings)``: the service of a class ``Model`` with these plugins."""
    write("Model.py", MODEL)
    loader = Loader(publish, settings)
    yield loader
    loader.end()
