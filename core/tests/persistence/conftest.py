"""Tests of ``seldon_runtime.persistence``.

Modules without a test module of their name, and the tests that hold them:
    snapshot: core/tests/persistence/test_envelope.py, core/tests/persistence/test_pickling.py
"""

from __future__ import annotations

import pytest

from .learner import Memory


@pytest.fixture
def store():
    """A store whose answers the test chooses."""
    return Memory()
