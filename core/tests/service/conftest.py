"""Tests of ``seldon_runtime.service``.

Modules without a test module of their name, and the tests that hold them:
    access_log: core/tests/logs/test_setup.py, tests/lifecycle/test_log_lines.py
    embedded: compat/tests/test_drop_in.py, compat/tests/test_names.py
    service: core/tests/service/test_component_service.py, core/tests/service/test_errors_of_calls.py
    unit: core/tests/process/test_plugin_services.py, core/tests/persistence/test_lifecycle.py
    watchdog: tests/faults/test_component.py
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seldon_runtime.service.timers import Timers


@pytest.fixture
def timers() -> Iterator[Timers]:
    """Timers with a thread of their own, which ends with the test."""
    timers = Timers()
    yield timers
    timers.close()
