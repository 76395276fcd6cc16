"""Clients, processes, components and recorded cases that several folders of tests share.

Tests of one distribution (``core/tests``, ``plugins/*/tests``) can't import this package: they are shipped
apart. They use the public kit, ``seldon_runtime.testing``, or their own ``conftest.py``.
"""

import pytest

pytest.register_assert_rewrite(
    *(f"{__name__}.{module}" for module in ("load", "raw_socket", "process", "recorded_cases", "environment"))
)
