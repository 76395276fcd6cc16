"""Tests of ``seldon_runtime.service``.

Modules without a test module of their name, and the tests that hold them:
    access_log: core/tests/logs/test_setup.py, tests/faults/test_logs.py
    embedded: compat/tests/test_drop_in.py, compat/tests/test_names.py
    service: core/tests/service/test_component_service.py, core/tests/service/test_errors_of_calls.py
    unit: core/tests/process/test_plugin_services.py, core/tests/persistence/test_lifecycle.py
    watchdog: tests/faults/test_component.py
"""
