"""Tests of ``seldon_runtime_tools``.

Modules without a test module of their name, and the tests that hold them:
    cli, new_component, skeleton: plugins/tools/tests/test_new.py
    contract_file: plugins/tools/tests/test_contract.py
    settings_file: plugins/tools/tests/test_contract_check.py
    deployable, inference_service, plain_kubernetes, seldon_deployment: plugins/tools/tests/test_manifest.py
"""
