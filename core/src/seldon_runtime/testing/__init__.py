"""The kit for authors of plugins: fixtures, and suites that a plugin's own tests subclass.

Needs pytest: ``pip install 'seldon-runtime[testing]'``. The fixtures come with
``pytest_plugins = ["seldon_runtime.testing.fixtures"]`` in the topmost ``conftest.py``.
"""

import pytest

_WITH_ASSERTIONS = (
    *("parity", "processes", "served", "state_processes", "waiting"),
    *(
        "contracts.batcher",
        "contracts.held_calls",
        "contracts.interceptor",
        "contracts.observer",
        "contracts.state_store",
    ),
    *(
        f"contracts.transport.{name}"
        for name in ("answers", "awaiting", "errors", "life", "load", "process", "streams", "subject")
    ),
)
pytest.register_assert_rewrite(*(f"{__name__}.{name}" for name in _WITH_ASSERTIONS))

from seldon_runtime.testing.client import Answer, Client, client  # noqa: E402
from seldon_runtime.testing.components import Gated, Mirror  # noqa: E402 - once their asserts can be explained
from seldon_runtime.testing.contracts.batcher import BatcherContract  # noqa: E402
from seldon_runtime.testing.contracts.interceptor import InterceptorContract  # noqa: E402
from seldon_runtime.testing.contracts.observer import ObserverContract  # noqa: E402
from seldon_runtime.testing.contracts.state_store import StateStoreContract  # noqa: E402
from seldon_runtime.testing.contracts.transport.subject import CallFailed  # noqa: E402
from seldon_runtime.testing.contracts.transport.suite import TransportContract  # noqa: E402
from seldon_runtime.testing.distributions import make_distribution  # noqa: E402
from seldon_runtime.testing.processes import Process  # noqa: E402
from seldon_runtime.testing.served import Served  # noqa: E402
from seldon_runtime.testing.waiting import WAIT_S, Background, Gate, wait_until  # noqa: E402

__all__ = [
    "WAIT_S",
    "Answer",
    "Background",
    "BatcherContract",
    "CallFailed",
    "Client",
    "Gate",
    "Gated",
    "InterceptorContract",
    "Mirror",
    "ObserverContract",
    "Process",
    "Served",
    "StateStoreContract",
    "TransportContract",
    "client",
    "make_distribution",
    "wait_until",
]
