"""Tests of ``seldon_runtime_grpc.draining``.

Modules without a test module of their name, and the tests that hold them:
    goaway, sockets: plugins/grpc/tests/draining/test_port_handover.py
"""
