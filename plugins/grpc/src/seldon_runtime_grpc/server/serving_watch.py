"""A watch over grpcio's serving thread: once that thread has ended, the server answers no more calls."""

from __future__ import annotations

import logging
import threading

import grpc

from seldon_runtime.plugin import Service

logger = logging.getLogger(__name__)

_FUNCTION = "(_serve)"
"""The end of the serving thread's name: the function of ``grpc._server`` that it runs."""


class ServingWatch:
    """Calls ``service.fail`` when the serving thread ends before :meth:`stop`.

    Args:
        service: the component's service, whose ``fail`` ends the process.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._stopping = threading.Event()
        self.has_failed = False
        """True once the thread has ended unexpectedly: the server cannot answer open calls any more."""

    def start(self, server: grpc.Server) -> None:
        """Start the server, and watch its thread. grpcio does not publish the thread; its name reveals it."""
        before = set(threading.enumerate())
        server.start()
        for thread in threading.enumerate():
            if thread not in before and thread.name.endswith(_FUNCTION):
                threading.Thread(target=self._watch, args=(thread,), name="grpc-watch", daemon=True).start()
                return
        logger.debug("cannot find the serving thread of grpcio: its end would go unnoticed")

    def stop(self) -> None:
        """Expect the end of the thread from now on."""
        self._stopping.set()

    def _watch(self, thread: threading.Thread) -> None:
        thread.join()
        if not self._stopping.is_set():
            self.has_failed = True
            self._service.fail("the serving thread of the gRPC server ended unexpectedly")
