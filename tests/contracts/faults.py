"""Which transports have a fault, and which tests of the contract have to find it."""

from __future__ import annotations

from typing import Any

from wire import Plugin, Wire

FAULTS: dict[str, tuple[str, ...]] = {}
PLUGINS: dict[str, Plugin] = {}


def found_by(*tests: str, **option: Any) -> Any:
    """Adds the class to the faults: these tests have to fail."""

    def add(fault: type[Wire]) -> type[Wire]:
        name = fault.__name__.lower()
        fault.name = fault.__dict__.get("name", name)
        FAULTS[name] = tuple(f"test_{test}" for test in tests)
        PLUGINS[name] = Plugin(fault, **option)
        return fault

    return add
