"""A transport that has everything: JSON lines over TCP, with deadlines, departures, metadata and workers."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from seldon_runtime import SeldonError, hookimpl
from seldon_runtime.plugin import Call, Method, OpenStream, Service, Settings, Sockets
from seldon_runtime.protocols.v1.codec import JsonCodec

LOOK_S = 0.01


class Wire:
    """Each connection has a thread; a line is ``{"ask", "timeout_s", "request"}``.

    ``"ask": "stream"`` is PREDICT with a line ``{"item"}`` for each item before the answer ``null``.
    """

    name = "wire"
    setting = "--wire-port (WIRE_PORT)"

    def __init__(self, service: Service, settings: Settings, sockets: Sockets) -> None:
        self.service = service
        self.settings = settings
        self.sockets = sockets
        self.codec: Any = JsonCodec(service.limits)
        self.port = settings.port_for(self.name, settings["wire_port"])
        self.connections: dict[threading.Thread, socket.socket] = {}
        self.closed = threading.Event()
        self.ended = threading.Event()

    @property
    def address(self) -> str:
        return f"wire://{self.settings['host']}:{self.port}"

    def start(self) -> None:
        self.listener = self.sockets.bind(self.settings["host"], self.port, self.setting)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    def accept(self) -> None:
        while not self.closed.is_set():
            if select.select([self.listener], [], [], LOOK_S)[0]:
                with contextlib.suppress(BlockingIOError):  # another worker was faster
                    self.take(self.listener.accept()[0])
        for late in self.sockets.drained(self.listener):
            self.take(late)

    def take(self, connection: socket.socket) -> None:
        connection.setblocking(True)
        thread = threading.Thread(target=self.serve, args=(connection,), daemon=True)
        self.connections[thread] = connection
        thread.start()

    def serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
            most = self.service.limits.max_body_bytes
            while (line := lines.readline(most + 1)).endswith(b"\n") or len(line) > most:
                connection.sendall(self.answer(line, connection) + b"\n")
        del self.connections[threading.current_thread()]

    def answer(self, line: bytes, connection: socket.socket) -> bytes:
        try:
            self.service.limits.check_body(len(line))
            asked = json.loads(line)
            return b'{"answer": %b}' % self.ask(asked, len(line), connection)
        except SeldonError as error:
            return self.refusal(error)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            return self.refusal(SeldonError(f"the line is no request: {error}"))

    def refusal(self, error: SeldonError) -> bytes:
        return json.dumps({"reason": error.reason, "message": error.message}).encode()

    def ask(self, asked: dict[str, Any], size: int, connection: socket.socket) -> bytes:
        if asked["ask"] == "ready":
            return json.dumps(self.service.ready).encode()
        if asked["ask"] == "metadata":
            call = Call(Method.METADATA, None, self.codec, self.name, request_bytes=size)
            return self.outcome(call, connection)
        deadline = self.deadline(asked["timeout_s"])
        text = json.dumps(asked["request"]).encode()
        is_stream = asked["ask"] == "stream"
        method = Method.PREDICT if is_stream else Method(asked["ask"])
        call = Call(method, text, self.codec, self.name, deadline=deadline, request_bytes=size)
        return self.stream(call, connection) if is_stream else self.outcome(call, connection)

    def deadline(self, timeout_s: float) -> float:
        return time.monotonic() + timeout_s

    def outcome(self, call: Call, connection: socket.socket) -> bytes:
        return bytes(self.wait(partial(self.service.submit, call), call, connection))

    def stream(self, call: Call, connection: socket.socket) -> bytes:
        call.accepts_stream = True
        opened = self.wait(partial(self.service.submit, call), call, connection)
        if not isinstance(opened, OpenStream):
            self.send_item(opened, connection)
            return b"null"
        try:
            self.send_items(opened, call, connection)
        finally:
            opened.close()
        return b"null"

    def send_items(self, opened: OpenStream, call: Call, connection: socket.socket) -> None:
        while (item := self.wait(opened.pull, call, connection)) is not None:
            self.send_item(item, connection)

    def send_item(self, item: bytes, connection: socket.socket) -> None:
        connection.sendall(b'{"item": %b}\n' % item)

    def wait(self, begin: Callable[[Any], None], call: Call, connection: socket.socket) -> Any:
        """Wait for what ``begin`` hands to its ``done``, and for the end of the connection."""
        finished = threading.Event()
        outcome: list[Any] = []

        def done(answer: Any, error: SeldonError | None) -> None:
            outcome.extend((answer, error))
            finished.set()

        begin(done)
        while not finished.wait(LOOK_S):
            self.watch(call, connection)
            if self.ended.is_set():
                raise ConnectionAbortedError("the transport has stopped")
        answer, error = outcome
        if error is not None:
            raise error
        return answer

    def watch(self, call: Call, connection: socket.socket) -> None:
        """Cancel the call when its client has gone."""
        if self.closed.is_set():  # the connections are shut for reading then
            return
        with contextlib.suppress(BlockingIOError):
            if connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                call.cancel()

    def stop_accepting(self) -> None:
        self.closed.set()
        self.acceptor.join()
        for connection in list(self.connections.values()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)

    def stop(self, grace_s: float) -> None:
        end = time.monotonic() + grace_s
        for thread in list(self.connections):
            thread.join(max(0.0, end - time.monotonic()))
        self.ended.set()
        for connection in list(self.connections.values()):  # a client that does not read
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Plugin:
    """The hooks for one class of transport."""

    def __init__(self, transport: Callable[[Service, Settings, Sockets], Any], **option: Any) -> None:
        self.transport = transport
        self._option = {"envvar": "WIRE_PORT", "type": int, "help": "Its port.", **option}

    @hookimpl
    def seldon_options(self) -> list[click.Option]:
        return [click.Option(["--wire-port"], **self._option)]

    @hookimpl
    def seldon_transport(self, service: Service, settings: Settings, sockets: Sockets) -> Any:
        return self.transport(service, settings, sockets)


plugin = Plugin(Wire)
