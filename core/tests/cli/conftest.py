"""Tests of ``seldon_runtime.cli``.

Modules without a test module of their name, and the tests that hold them:
    leaving: tests/faults/test_plugin_end.py, tests/lifecycle/test_forks.py
    first_process: tests/lifecycle/test_orphans.py
    usage_errors: core/tests/cli/test_main.py
    serve: core/tests/cli/test_main.py, tests/lifecycle/test_start.py
    state, state_actions, pickle_names: tests/persistence/test_command.py
"""
