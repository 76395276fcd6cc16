"""What every transport must do."""

from __future__ import annotations

from seldon_runtime.testing.transport_answers import TransportAnswers
from seldon_runtime.testing.transport_errors import TransportErrors
from seldon_runtime.testing.transport_life import TransportLife
from seldon_runtime.testing.transport_load import TransportLoad
from seldon_runtime.testing.transport_process import TransportWorkers


class TransportContract(TransportAnswers, TransportErrors, TransportLoad, TransportLife, TransportWorkers):
    """Subclass it as ``TestMyTransport``, set ``transport`` to the plugin's name and define ``call``;
    pytest runs every test of it against the plugin as it is installed.

    Needs the fixtures of ``seldon_runtime.testing.fixtures``. What a transport cannot do by its nature it
    says through the other members of :class:`TransportSubject`; the tests in question are then skipped,
    and tell so.
    """
