"""Tests of the runtime's own metrics.

Modules without a test module of their name, and the tests that hold them:
    instruments: plugins/metrics/tests/runtime/test_observer.py
"""
