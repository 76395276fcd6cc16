"""Tests of ``seldon_runtime.component.hints``.

Modules without a test module of their name, and the tests that hold them:
    choice, described, values: tests/parity/test_hinted_arguments.py
    input_check: tests/parity/test_check_inputs.py
"""
