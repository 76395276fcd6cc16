"""The requests and limits of a process that runs all nodes: those of the nodes, added up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.spec.members import Members

_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_TIMES = {None: Decimal(1), "m": Decimal("0.001"), "k": Decimal(10**3), "M": Decimal(10**6)}
_TIMES |= {"G": Decimal(10**9), "T": Decimal(10**12)}
_TIMES |= {f"{letter}i": Decimal(1024**power) for power, letter in enumerate("KMGT", 1)}
_MEBI = 1024**2


def total(containers: Sequence[Members]) -> dict[str, dict[str, str]]:
    """Return requests and limits; a limit only if every container has one.

    Raises:
        StartupError: a quantity of the file cannot be read.
    """
    found: dict[str, dict[str, str]] = {}
    for kind in ("requests", "limits"):
        for resource, write in (("cpu", _cores), ("memory", _bytes)):
            each = [_quantity(one.object("resources").object(kind), resource) for one in containers]
            given = [quantity for quantity in each if quantity is not None]
            if given and (kind == "requests" or len(given) == len(each)):
                found.setdefault(kind, {})[resource] = write(sum(given, Decimal(0)))
    return found


def _quantity(members: Members, key: str) -> Decimal | None:
    value = members.value(key)
    if value is None:
        return None
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        raise StartupError(f"{members.path}.{key} is {value!r:.40}, expected a quantity such as 500m or 1Gi")
    return Decimal(match[1]) * _TIMES[match[2]]


def _cores(cores: Decimal) -> str:
    return f"{int((cores * 1000).to_integral_value())}m"


def _bytes(count: Decimal) -> str:
    return f"{-(-int(count) // _MEBI)}Mi"
