"""The behaviour of the wrapper, recorded by calls of its public names (``record.py``)."""

from __future__ import annotations

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent


def load(name: str) -> Any:
    """Return a module of this folder."""
    spec = spec_from_file_location(f"recorded_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with ``case`` for each recorded case of its module."""
    if "case" in metafunc.fixturenames:
        records = json.loads((FOLDER / metafunc.module.RECORDS).read_text())
        metafunc.parametrize("case", records.items(), ids=list(records))


@pytest.fixture(scope="session")
def call_cases() -> Any:
    return load("call_cases")


@pytest.fixture(scope="session")
def client_cases() -> Any:
    return load("client_cases")
