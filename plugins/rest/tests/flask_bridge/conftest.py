"""Tests of Flask behind the server.

Modules that other files test:

    routes: plugins/rest/tests/flask_bridge/test_app.py
    user_requests: tests/lifecycle/test_flask_requests.py
"""

from __future__ import annotations

import pytest

from .every_method import Everything


@pytest.fixture(scope="module")
def app(make_app):
    """The application of :class:`Everything`."""
    return make_app(Everything(), max_nesting=20)
