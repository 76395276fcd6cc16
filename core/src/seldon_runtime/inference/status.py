"""The state of a service, as transports, probes and the runtime see it."""

from __future__ import annotations


class ServiceStatus:
    """The abilities of a service at the moment. The runtime sets them; any thread may read them."""

    def __init__(self) -> None:
        self.ready = False
        """True while the process takes new calls: from after load and restore until before draining."""
        self.draining = False
        """True while the process drains: transports ask clients to connect elsewhere."""
        self.retiring = False
        """True if other workers keep serving at the same addresses while this process drains."""
        self.alive = True
        """True while the process can answer calls; False when user code hangs, and only a restart helps."""
        self.degraded: dict[str, str] = {}
        """The parts that fail while calls continue, with the reasons: ``{"state": "..."}``."""
        self.failure: str | None = None
        """The reason that a transport passed to :meth:`fail`, after which the process ends."""

    def set_degraded(self, part: str, reason: str | None) -> None:
        """Set why a part fails while calls continue; None when it works again."""
        if reason is None:
            self.degraded.pop(part, None)
        else:
            self.degraded[part] = reason
