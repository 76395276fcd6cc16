"""Tests of ``seldon_runtime.component``.

Modules without a test module of their name, and the tests that hold them:
    metadata_schema: core/tests/component/test_metadata.py
    parameter_schema: core/tests/component/test_parameters.py
"""
