"""Tests of ``seldon_runtime.service.batching``.

Modules without a test module of their name, and the tests that hold them:
    batcher: plugins/batching/tests/test_batcher.py
    batch_queue: core/tests/service/batching/test_pipeline.py
    waiting: core/tests/service/batching/test_pipeline.py
"""
