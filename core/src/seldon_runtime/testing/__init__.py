"""The kit for authors of plugins: fixtures, and suites that a plugin's own tests subclass.

Needs pytest: ``pip install 'seldon-runtime[testing]'``. The fixtures come with
``pytest_plugins = ["seldon_runtime.testing.fixtures"]`` in the topmost ``conftest.py``.
"""

import pytest

_SUITES = (
    "interceptor",
    "observer",
    "parity",
    "process",
    "served",
    "state_processes",
    "state_store",
    "waiting",
)
_OF_STORES = ("processes", "store")
_OF_TRANSPORTS = ("answers", "errors", "life", "load", "process", "subject")
pytest.register_assert_rewrite(
    *(f"{__name__}.{name}" for name in _SUITES),
    *(f"{__name__}.state_{name}" for name in _OF_STORES),
    *(f"{__name__}.transport_{name}" for name in _OF_TRANSPORTS),
)

from seldon_runtime.testing.components import Gated, Mirror  # noqa: E402 - once their asserts can be explained
from seldon_runtime.testing.distributions import make_distribution  # noqa: E402
from seldon_runtime.testing.interceptor import InterceptorContract  # noqa: E402
from seldon_runtime.testing.observer import ObserverContract  # noqa: E402
from seldon_runtime.testing.process import Process  # noqa: E402
from seldon_runtime.testing.served import Served  # noqa: E402
from seldon_runtime.testing.state_store import StateStoreContract  # noqa: E402
from seldon_runtime.testing.transport import TransportContract  # noqa: E402
from seldon_runtime.testing.transport_subject import CallFailed  # noqa: E402
from seldon_runtime.testing.waiting import WAIT_S, Background, Gate, wait_until  # noqa: E402

__all__ = [
    "WAIT_S",
    "Background",
    "CallFailed",
    "Gate",
    "Gated",
    "InterceptorContract",
    "Mirror",
    "ObserverContract",
    "Process",
    "Served",
    "StateStoreContract",
    "TransportContract",
    "make_distribution",
    "wait_until",
]
