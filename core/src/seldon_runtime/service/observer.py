"""Observers: plugins that watch calls, saves of state, and the life cycle of the process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial

from seldon_runtime.inference.call import Call, Outcome
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.owners import described

logger = logging.getLogger(__name__)


class Lifecycle(Enum):
    """The states of a process, in their order."""

    LOADING = "loading"
    """The runtime is about to load the user's class."""
    LOADED = "loaded"
    """Components are loaded, transports are not started."""
    READY = "ready"
    DRAINING = "draining"
    """The process takes no new calls and answers the accepted ones."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class SaveRecord:
    """An attempt to save a component's state, which may have found it unchanged."""

    error: str | None
    """The reason why the newest state is not stored; None when it is stored."""
    blob_bytes: int
    """Bytes written, after compression; 0 when nothing was written."""
    paused_s: float
    """Seconds until the snapshot was made: waiting for earlier calls, then pickling, while calls wait."""
    wrote_s: float
    """Seconds that the store took."""
    unit: str | None = None
    """The name of the component in its graph (PREDICTIVE_UNIT_ID)."""


@dataclass(slots=True)
class BatchRecord:
    """A batch of calls that a :class:`seldon_runtime.plugin.Batcher` has answered. Times are in seconds.

    The observers share the object and must not alter it.
    """

    method: Method
    calls: int
    """The calls in the batch: those that had not failed, ended or left before it ran."""
    waited_s: float
    """Seconds from the submission of the first call to the batch."""
    ran_s: float
    """Seconds for which the batcher, and the component in it, ran."""
    unit: str | None = None
    """The name of the component in its graph (PREDICTIVE_UNIT_ID)."""


class Observer:
    """A plugin's object that watches without altering anything. Subclass it and override what you need.

    An exception is logged and goes no further.
    """

    def start(self) -> None:
        """Open connections and start threads. Runs on the main thread, before the load.

        Raises:
            StartupError: a resource is missing; the process does not start.
        """

    def stop(self, grace_s: float) -> None:
        """Flush and release all resources within ``grace_s`` seconds. Thread of its own, after STOPPED."""

    def call_started(self, call: Call) -> None:
        """Watch a call that is about to run, in its own context, on the component's thread.

        User code sees a context variable that is set here, such as the current span of a trace. Not called
        for calls that are refused before they run. For metadata and fixed health, it runs on the transport's
        thread.
        """

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        """Watch a call that is over, refused ones included, exactly once.

        Runs before the transport receives the answer, so that a client with an answer finds its call counted.
        Runs on the component's thread, or on the transport's for a call that the queue refused. Must be
        quick, because the client waits, and thread-safe.
        """

    def batch_finished(self, record: BatchRecord) -> None:
        """Watch a batch that is over, before its calls are. Component's thread; must be quick."""

    def item_made(self, call: Call, number: int, since_s: float) -> None:
        """Watch an item of a stream, before the transport receives it. Runs on the component's thread.

        Args:
            call: the call that the stream answers.
            number: 1 for the first item.
            since_s: the seconds since the item before; for the first one, since the call was submitted.
        """

    def state_saved(self, record: SaveRecord) -> None:
        """Watch an attempt to save state. Runs on the thread that saves."""

    def lifecycle_changed(self, state: Lifecycle) -> None:
        """Watch a change of the process's life cycle.

        Runs on a thread of its own; the process waits a second for it. An observer that is still busy when
        the next state comes does not receive that state.
        """


class Observers:
    """The observers of a service. The exception of an observer is logged and does not affect calls.

    Args:
        observers: in the order of the configuration.
    """

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        self._all = tuple(observers)
        # Those that do not override a method cost a call nothing.
        self.of_starts = tuple(o for o in self._all if type(o).call_started is not Observer.call_started)
        self.of_ends = tuple(o for o in self._all if type(o).call_finished is not Observer.call_finished)
        self._of_batches = tuple(
            o for o in self._all if type(o).batch_finished is not Observer.batch_finished
        )
        self.of_items = tuple(o for o in self._all if type(o).item_made is not Observer.item_made)
        self._of_saves = tuple(o for o in self._all if type(o).state_saved is not Observer.state_saved)

    def call_started(self, call: Call) -> None:
        """Notify all observers of a call that is about to run."""
        for observer in self.of_starts:
            try:
                observer.call_started(call)
            except BaseException:  # noqa: BLE001 - an observer cannot break a call
                _log(observer)

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        """Notify all observers of the end of a call, then the function that the call has of its own."""
        for observer in self.of_ends:
            try:
                observer.call_finished(call, outcome)
            except BaseException:  # noqa: BLE001 - the client still waits for its answer
                _log(observer)
        if call.on_end is not None:
            try:
                call.on_end(call, outcome)
            except BaseException:  # the client still waits for its answer
                logger.exception("on_end of a call of %s failed", call.transport)

    def batch_finished(self, record: BatchRecord) -> None:
        """Notify all observers of the end of a batch."""
        for observer in self._of_batches:
            survive(observer, partial(observer.batch_finished, record))

    def item_made(self, call: Call, number: int, since_s: float) -> None:
        """Notify all observers of an item of a stream."""
        for observer in self.of_items:
            try:
                observer.item_made(call, number, since_s)
            except BaseException:  # noqa: BLE001 - an observer cannot break a call
                _log(observer)

    def state_saved(self, record: SaveRecord) -> None:
        """Notify all observers of an attempt to save state."""
        for observer in self._of_saves:
            survive(observer, partial(observer.state_saved, record))


def survive(plugin: object, act: Callable[[], None]) -> None:
    """Run a plugin's function whose failure must not stop the next step; log its exception."""
    try:
        act()
    except (Exception, SystemExit, KeyboardInterrupt, GeneratorExit):  # noqa: BLE001 - it is the plugin's own
        _log(plugin)


def _log(plugin: object) -> None:
    logger.exception("%s failed", described(plugin))
