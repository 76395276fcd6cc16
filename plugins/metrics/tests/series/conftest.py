"""Tests of families, series and the in-memory store.

Modules without a test module of their name, and the tests that hold them:
    series, store: plugins/metrics/tests/custom/test_counting.py
    families: plugins/metrics/tests/shared/test_merging.py
"""
