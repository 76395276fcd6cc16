"""The recorded cases of the Open Inference Protocol, and their runner's judgement."""

from __future__ import annotations

from types import ModuleType

from tests.support.corpus import Case, recorded_in, runner_in
from tests.support.paths import ROOT

FOLDER = ROOT / "tests" / "conformance_v2"


def recorded() -> list[Case]:
    """Return all cases, in the order of their files."""
    return recorded_in(FOLDER)


def runner() -> ModuleType:
    """Return the runner as a module: it sends requests and judges answers."""
    return runner_in(FOLDER)
