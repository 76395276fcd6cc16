"""Tests of ``seldon_runtime.builtin``.

Modules without a test module of their name, and the tests that hold them:
    defaults: core/tests/process/test_units.py, core/tests/plugins/test_manager.py
    file_store_directory: core/tests/builtin/test_file_store_faults.py
"""
