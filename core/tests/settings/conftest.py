"""Tests of ``seldon_runtime.settings``.

Modules without a test module of their name, and the tests that hold them:
    limit_options, log_options, process_options: core/tests/settings/test_options.py
    tls_options: plugins/rest/tests/server/test_tls.py, plugins/grpc/tests/test_tls.py
"""
