"""Tests of ``seldon_runtime_grpc.protos``.

Modules without a test module of their name, and the tests that hold them:
    pool: plugins/grpc/tests/test_protos.py
"""
