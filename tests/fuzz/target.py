"""One decoder under test: what it is given, and what it may do."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from .mutation import Mutate


@dataclass(frozen=True)
class Target:
    """A decoder.

    Attributes:
        decode: what is called with each input. It may return anything.
        raises: what else it may raise; anything beside is a finding.
        seeds: makes the inputs to begin with.
        mutate: makes new inputs of them.
    """

    name: str
    decode: Callable[[bytes], object]
    raises: tuple[type[Exception], ...]
    seeds: Callable[[], Sequence[bytes]]
    mutate: Mutate

    def check(self, data: bytes) -> None:
        """Decode one input. Raises what the decoder must not raise."""
        with contextlib.suppress(self.raises):
            self.decode(data)

    def inputs(self, count: int, random: Random) -> list[bytes]:
        """Seeds, and inputs made of them in several steps, the same for the same ``random``."""
        seeds = list(self.seeds())
        made = random.sample(seeds, min(len(seeds), count // 2))
        while len(made) < count:
            made.append(self.mutate(random.choice(made), random, seeds))
        return made
