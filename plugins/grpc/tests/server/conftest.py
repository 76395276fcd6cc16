"""Tests of ``seldon_runtime_grpc.server``.

Modules without a test module of their name, and the tests that hold them:
    beginner, exchange, handlers, thread_exchange, unary: plugins/grpc/tests/test_transport.py
    probe_pool: plugins/grpc/tests/test_health.py
"""
