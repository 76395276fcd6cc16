"""Tests of the OpenAPI document.

Modules that other files test:

    contributed: plugins/rest/tests/test_extension.py
    errors, examples, schemas: plugins/rest/tests/openapi/test_document.py
"""
