"""Tests of ``seldon_runtime.process``.

Modules without a test module of their name, and the tests that hold them:
    devices: tests/lifecycle/test_devices.py
    in_program: tests/lifecycle/test_in_program.py
    main_thread: tests/lifecycle/test_main_thread.py
    transports: tests/lifecycle/test_transports.py, tests/faults/test_plugins.py
"""
