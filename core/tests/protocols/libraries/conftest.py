"""Tests of ``seldon_runtime.protocols.libraries``.

Modules without a test module of their name, and the tests that hold them:
    forms, images, records, remedies: tests/parity/test_returned_values.py
"""
