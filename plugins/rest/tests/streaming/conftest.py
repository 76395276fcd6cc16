"""Tests of ``seldon_runtime_rest.streaming``.

Modules without a test module of their name, and the tests that hold them:
    body, forms, response, writer: plugins/rest/tests/streaming/test_streams.py
"""
