"""Tests of ``seldon_runtime.diagnostics``.

Modules without a test module of their name, and the tests that hold them:
    isolation: core/tests/diagnostics/test_plugin_check.py, core/tests/diagnostics/test_transport_check.py
    plugin_report: core/tests/cli/test_main.py, core/tests/diagnostics/test_plugin_check.py
    tables: core/tests/diagnostics/test_doctor.py
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def doctor(seldon_run: Run) -> Callable[..., Any]:
    """``doctor(*words, **environment)``: the report as JSON, whose ``ok`` fits the exit status."""

    def doctor(*words: str, **environment: str) -> Any:
        ended = seldon_run("doctor", "--json", *words, **environment)
        assert ended.err == ""
        report = json.loads(ended.out)
        assert ended.status == (0 if report["ok"] else 1)
        return report

    return doctor
