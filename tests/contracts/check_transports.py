"""Run by test_contracts.py: the good transport, and every faulty one with the tests that have to find it."""

from __future__ import annotations

import faulty_calls  # noqa: F401 - fills FAULTS
import faulty_life  # noqa: F401
import faulty_streams  # noqa: F401
from contract import WireContract
from faults import FAULTS, PLUGINS


class TestWire(WireContract):
    """The whole contract."""


for name, tests in FAULTS.items():
    sheds_load = getattr(PLUGINS[name].transport, "sheds_load", True)
    members = {"transport": name, "only": tests, "sheds_load": sheds_load}
    globals()[f"Test_{name}"] = type(f"Test_{name}", (WireContract,), members)
