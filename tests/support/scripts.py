"""The scripts of ``packaging/``, as modules."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest

from tests.support.paths import ROOT


def packaging_script(name: str) -> ModuleType:
    """Return the script ``packaging/NAME.py`` as a module; its last part does not run."""
    spec = importlib.util.spec_from_file_location(f"packaging_script_{name}", ROOT / f"packaging/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look it up
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "packaging")  # as Python does for a script, which may import others
        spec.loader.exec_module(module)
    return module
