"""Tests of ``seldon_runtime.supervision``.

Modules without a test module of their name, and the tests that hold them:
    worker_link, worker_process, signals: tests/lifecycle/test_supervisor.py
"""
