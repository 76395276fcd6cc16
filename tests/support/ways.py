"""The ways in which servers are run and called: all where there is time, else some."""

from __future__ import annotations

import itertools
import os
from typing import NamedTuple

from tests.support.callers import CALLERS

SLOW = "SELDON_TEST_SLOW" in os.environ
"""Sizes are the real ones, and waits the whole ones: ``tox run -e faults``."""


class Way(NamedTuple):
    """A transport, and the number of workers behind it."""

    transport: str
    workers: str


WAYS = (
    list(itertools.starmap(Way, itertools.product(CALLERS, "12")))
    if SLOW
    else [Way("rest", "2"), Way("grpc", "1")]
)
"""Each transport with one process and with two workers; in the default run with one of these."""
