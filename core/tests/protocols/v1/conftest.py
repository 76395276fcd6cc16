"""Tests of ``seldon_runtime.protocols.v1``.

Modules without a test module of their name, and the tests that hold them:
    tensorproto_values: core/tests/protocols/v1/test_tensorproto.py
"""
