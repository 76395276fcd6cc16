"""Tests of ``seldon_runtime.service.running``.

Modules without a test module of their name, and the tests that hold them:
    joined_stream: core/tests/service/test_stream.py, core/tests/component/calls/test_items.py
    coroutines: core/tests/service/running/test_async_calls.py
    threads: core/tests/service/test_executor.py, tests/lifecycle/test_main_thread.py
"""
