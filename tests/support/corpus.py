"""The recorded cases in a folder, and the runner beside them that judges answers."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

Case = dict[str, Any]


def recorded_in(folder: Path) -> list[Case]:
    """Return all cases, in the order of their files."""
    lines = [line for file in sorted(folder.glob("corpus/*.jsonl")) for line in file.read_text().splitlines()]
    return [json.loads(line) for line in lines if line.strip()]


@cache
def runner_in(folder: Path) -> ModuleType:
    """Return ``runner.py`` as a module: it sends requests and judges answers."""
    spec = spec_from_file_location(f"runner_of_{folder.name}", folder / "runner.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
