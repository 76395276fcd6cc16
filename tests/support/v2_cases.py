"""The recorded cases of the Open Inference Protocol, and their runner's judgement."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

from tests.support.paths import ROOT

FOLDER = ROOT / "tests" / "conformance_v2"
Case = dict[str, Any]


def recorded() -> list[Case]:
    """Return all cases, in the order of their files."""
    lines = [line for file in sorted(FOLDER.glob("corpus/*.jsonl")) for line in file.read_text().splitlines()]
    return [json.loads(line) for line in lines if line.strip()]


@cache
def runner() -> ModuleType:
    """Return the runner as a module: it sends requests and judges answers."""
    spec = spec_from_file_location("v2_runner", FOLDER / "runner.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
