"""Tests of the store for several workers.

Modules without a test module of their name, and the tests that hold them:
    slots: plugins/metrics/tests/shared/test_store.py
"""
