"""Tests of ``seldon_runtime.plugins``.

Modules without a test module of their name, and the tests that hold them:
    contributions: core/tests/cli/test_main_plugins.py
    library_guard: tests/lifecycle/test_hidden_libraries.py
    hook_validation, registry: core/tests/plugins/test_manager.py
"""
