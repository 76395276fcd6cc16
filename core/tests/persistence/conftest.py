"""Tests of ``seldon_runtime.persistence``.

Modules without a test module of their name, and the tests that hold them:
    snapshot: core/tests/persistence/test_envelope.py, core/tests/persistence/test_pickling.py
    versioned_writer: core/tests/persistence/test_saver.py
"""
