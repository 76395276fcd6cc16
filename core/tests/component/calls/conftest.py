"""Tests of ``seldon_runtime.component.calls``.

Modules without a test module of their name, and the tests that hold them:
    answers: core/tests/component/test_adapter.py, core/tests/component/calls/test_unfinished.py
    wrapped: core/tests/component/calls/test_items.py, core/tests/component/test_adapter.py
    plain: core/tests/component/test_adapter_route.py, core/tests/component/test_adapter_feedback.py
"""
