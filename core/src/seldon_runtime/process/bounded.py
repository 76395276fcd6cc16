"""Plugins' functions on threads of their own, so that a plugin that blocks holds up nobody."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from seldon_runtime.inference.owners import described
from seldon_runtime.service.observer import Lifecycle, Observer

logger = logging.getLogger(__name__)

_NOTICE_S = 1.0
"""Seconds for an observer to take a state."""
_LOOK_S = 0.05
_STILL_S = 0.25
"""A look that is later by so many seconds shows that the process stood still."""


class Bounded:
    """A plugin's function that may block or raise.

    Args:
        what: the actor and the act for the log, such as ``transport zmq failed to stop``.
        act: the function; it starts at once, on a daemon thread.
    """

    def __init__(self, what: str, act: Callable[[], None]) -> None:
        self._what = what
        self._act = act
        self.stood_still_s = 0.0
        """The seconds in which the process stood still during the last :meth:`wait`."""
        self._thread = threading.Thread(target=self._run, name="bounded", daemon=True)
        self._thread.start()

    def wait(self, deadline: float) -> bool:
        """Wait until the function has returned or ``deadline`` (``time.monotonic``) has passed.

        Time in which the whole process stood still (SIGSTOP, a paused machine) does not count: the function
        stood still, too.

        Returns:
            True if it has returned.
        """
        self.stood_still_s = 0.0
        now = time.monotonic()
        while self._thread.is_alive() and now < deadline + self.stood_still_s:
            look_s = min(_LOOK_S, deadline + self.stood_still_s - now)
            self._thread.join(look_s)
            began, now = now, time.monotonic()
            late_s = now - began - look_s
            if late_s > _STILL_S:
                self.stood_still_s += late_s
        return not self._thread.is_alive()

    def finish(self, deadline: float) -> None:
        """Wait like :meth:`wait`, and log a function that still blocks."""
        if not self.wait(deadline):
            logger.error("%s in time; the process goes on without it", self._what)

    def _run(self) -> None:
        try:
            self._act()
        except BaseException:  # the others must be able to stop, and calls to finish
            logger.exception("%s", self._what)


class Notices:
    """The life-cycle states of a process, for its observers. An observer that blocks misses later states.

    Args:
        observers: in the order of the configuration.
    """

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        # An observer that does not override the method costs no thread.
        notified = Observer.lifecycle_changed
        self._observers = [o for o in observers if type(o).lifecycle_changed is not notified]
        self._last: dict[int, Bounded] = {}

    def send(self, state: Lifecycle) -> None:
        """Notify each observer, on a thread of its own, and wait for it a short time."""
        for index, observer in enumerate(self._observers):
            last = self._last.get(index)
            if last is not None and not last.wait(time.monotonic()):
                continue  # still busy with an earlier state, as the log says
            what = f"{described(observer)} failed to take the state {state.value}"
            self._last[index] = Bounded(what, partial(observer.lifecycle_changed, state))
            self._last[index].finish(time.monotonic() + _NOTICE_S)
