"""Tests of ``seldon_runtime.diagnostics``.

Modules without a test module of their name, and the tests that hold them:
    checks, effective_settings, versions: core/tests/diagnostics/test_doctor.py
    component_check, examination, tables, transport_check: core/tests/diagnostics/test_doctor.py
    isolation: core/tests/diagnostics/test_plugin_check.py, core/tests/diagnostics/test_doctor.py
    plugin_report: core/tests/cli/test_main.py, core/tests/diagnostics/test_plugin_check.py
"""
