"""Tests of what accompanies a call.

Modules that are tested elsewhere:

    puid, tracing: plugins/graph/tests/test_service.py
"""
