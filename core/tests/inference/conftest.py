"""Tests of ``seldon_runtime.inference``.

Modules without a test module of their name, and the tests that hold them:
    message: core/tests/component/test_adapter.py, core/tests/protocols/v1/test_message.py
"""
