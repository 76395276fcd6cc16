"""Tests of ``seldon_runtime_tools``.

Modules without a test module of their name, and the tests that hold them:
    cli, new_component, skeleton: plugins/tools/tests/test_new.py
    contract_file: plugins/tools/tests/test_contract.py
    settings_file: plugins/tools/tests/test_contract_check.py
"""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the settings of a component ``FraudModel``."""
    tmp_path.joinpath(".s2i").mkdir()
    tmp_path.joinpath(".s2i", "environment").write_text("MODEL_NAME=FraudModel\nAPI_TYPE=REST\n")
    return tmp_path
