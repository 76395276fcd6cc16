"""Tests of ``seldon_runtime_grpc.v1``.

Modules without a test module of their name, and the tests that hold them:
    decoding, wire: plugins/grpc/tests/v1/test_codec.py
    services: plugins/grpc/tests/test_transport.py, plugins/grpc/tests/test_reflection.py
"""
