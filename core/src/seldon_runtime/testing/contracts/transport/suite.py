"""The contract suite of transports."""

from __future__ import annotations

from seldon_runtime.testing.contracts.transport.answers import TransportAnswers
from seldon_runtime.testing.contracts.transport.awaiting import TransportAwaiting
from seldon_runtime.testing.contracts.transport.errors import TransportErrors
from seldon_runtime.testing.contracts.transport.life import TransportLife
from seldon_runtime.testing.contracts.transport.load import TransportLoad
from seldon_runtime.testing.contracts.transport.process import TransportWorkers
from seldon_runtime.testing.contracts.transport.streams import TransportStreams


class TransportContract(
    TransportAnswers,
    TransportErrors,
    TransportLoad,
    TransportAwaiting,
    TransportStreams,
    TransportLife,
    TransportWorkers,
):
    """The contract of transports. Subclass it as ``TestMyTransport``.

    Set ``transport`` to the name of the installed plugin, and define ``call``. The other members of
    :class:`TransportSubject` describe what the transport cannot do, and skip the tests of it. Needs the
    fixtures of ``seldon_runtime.testing.fixtures``.
    """
