"""One target under atheris, as ``python -m tests.fuzz`` starts it.

python -m tests.fuzz.guided TARGET MIB_OF_MEMORY ARGUMENTS_OF_LIBFUZZER
"""

from __future__ import annotations

import logging
import resource
import sys
from collections.abc import Sequence
from random import Random

import atheris

with atheris.instrument_imports(
    include=[
        "seldon_runtime",
        "seldon_runtime_grpc",
        "seldon_runtime_metrics",
        "seldon_runtime_rest",
        "seldon_runtime_tools",
        "seldon_runtime_v2",
    ]
):
    from .targets import TARGETS

_LIBRARY_MIB = 3 * 1024
"""Address space that libraries and libFuzzer take without using it."""


def main(name: str, memory_mib: str, arguments: Sequence[str]) -> None:
    """Does not return: libFuzzer ends the process."""
    most = (int(memory_mib) + _LIBRARY_MIB) * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    logging.disable(logging.CRITICAL)
    target = TARGETS[name]
    seeds = list(target.seeds())

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.25:
            return bytes(atheris.Mutate(data, max_size))
        return target.mutate(data, random, seeds)[:max_size]

    atheris.Setup([sys.argv[0], *arguments], target.check, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
