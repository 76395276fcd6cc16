"""Tests of ``seldon_runtime.service.running``.

Modules without a test module of their name, and the tests that hold them:
    coroutines: core/tests/service/running/test_async_calls.py
    threads: core/tests/service/test_executor.py, tests/lifecycle/test_main_thread.py
"""
