"""The names that a pickle would import, found without unpickling it."""

from __future__ import annotations

import pickletools


def names_in(payload: bytes) -> list[str]:
    """Return the global names that a pickle refers to, such as ``Tally.Tally``. An attacker can forge them.

    Raises:
        ValueError: these bytes are not a pickle.
    """
    names: dict[str, None] = {}
    texts: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(payload):
            if opcode.name in ("GLOBAL", "INST"):
                names[str(argument).replace(" ", ".")] = None
            elif opcode.name == "STACK_GLOBAL":
                names[".".join(texts[-2:])] = None
            elif isinstance(argument, str):
                texts.append(argument)
    except Exception as error:  # noqa: BLE001 - pickletools raises whatever the bytes make it
        raise ValueError(f"{type(error).__name__}: {error}") from None
    return list(names)
