"""Tests of the OpenAPI document.

Modules that other files test:

    contributed: plugins/rest/tests/test_extension.py
"""
