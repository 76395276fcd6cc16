"""Tests of ``seldon_runtime.component.advice``.

Modules without a test module of their name, and the tests that hold them:
    wrong_names: core/tests/component/test_loading.py
"""
