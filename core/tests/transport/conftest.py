"""Tests of ``seldon_runtime.transport``.

Modules without a test module of their name, and the tests that hold them:
    forks: tests/lifecycle/test_forks.py
    rlimit: tests/faults/test_crowds.py
"""
