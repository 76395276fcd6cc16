"""The requests and limits of a process that runs all nodes: those of the nodes, added up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.spec.members import Members

_QUANTITY = re.compile(
    r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,2})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?"
)
_TIMES = {letter: Decimal(10) ** (3 * power) for power, letter in enumerate("num", -3)}
_TIMES |= {letter: Decimal(10) ** (3 * power) for power, letter in enumerate("kMGTPE", 1)}
_TIMES |= {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)}
_MEBI = 1024**2
_IN_BYTES = ("memory", "ephemeral-storage")
_HUGE_PAGES = "hugepages-"


def total(containers: Sequence[Members]) -> dict[str, dict[str, str]]:
    """Return requests and limits of every resource; a limit only if every container has one.

    Devices and huge pages are an exception: a container without a limit gets none of them, and a request must
    be the limit.

    Raises:
        StartupError: a quantity of the file cannot be read.
    """
    given = [
        {kind: _quantities(one.object("resources").object(kind)) for kind in ("requests", "limits")}
        for one in containers
    ]
    names = dict.fromkeys(name for each in given for kind in each.values() for name in kind)
    found: dict[str, dict[str, str]] = {"requests": {}, "limits": {}}
    for name in names:
        requests = [each["requests"][name] for each in given if name in each["requests"]]
        limits = [each["limits"][name] for each in given if name in each["limits"]]
        if "/" in name or name.startswith(_HUGE_PAGES):
            limits = [each[kind][name] for each in given if (kind := _stronger(each, name))]
            requests = limits if requests else []
        elif len(limits) < len(given):
            limits = []
        for kind, quantities in (("requests", requests), ("limits", limits)):
            if quantities:
                found[kind][name] = _written(name, sum(quantities, Decimal(0)))
    return {kind: quantities for kind, quantities in found.items() if quantities}


def _stronger(given: dict[str, dict[str, Decimal]], name: str) -> str:
    """Return the kind that counts for a device in one container; an empty text without one."""
    return next((kind for kind in ("limits", "requests") if name in given[kind]), "")


def _quantities(members: Members) -> dict[str, Decimal]:
    return {str(key): _quantity(members, key) for key, value in members.all.items() if value is not None}


def _quantity(members: Members, key: str) -> Decimal:
    value = members.value(key)
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        raise StartupError(f"{members.path}.{key} is {value!r:.40}, expected a quantity such as 500m or 1Gi")
    number, exponent, suffix = match.groups()
    times = Decimal(10) ** int(exponent) if exponent else _TIMES.get(suffix, Decimal(1))
    return Decimal(number) * times


def _written(name: str, quantity: Decimal) -> str:
    if name == "cpu":
        return f"{_rounded_up(quantity * 1000)}m"
    if name in _IN_BYTES:
        return f"{_rounded_up(quantity / _MEBI)}Mi"
    return str(_rounded_up(quantity))


def _rounded_up(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_CEILING))
