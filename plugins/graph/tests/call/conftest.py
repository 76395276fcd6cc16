"""Tests of what accompanies a call.

Modules that are tested elsewhere:

    tracing: plugins/graph/tests/test_service.py
"""
