"""Transports with one fault each: in streams."""

from __future__ import annotations

import threading
import time

from faults import found_by
from wire import LOOK_S, Wire

from seldon_runtime.errors import SeldonError
from seldon_runtime.plugin import OpenStream


@found_by("each_item_arrives_before_the_next_is_made", "an_error_ends_a_stream_after_the_items_before_it")
class CollectsItems(Wire):
    def send_items(self, opened, call, connection):
        items = []
        while (item := self.wait(opened.pull, call, connection)) is not None:
            items.append(item)
        for item in items:
            self.send_item(item, connection)


@found_by("items_of_a_stream_are_the_components", "streams_of_many_clients_are_not_mixed_up")
class CachesItems(Wire):
    first = None

    def send_item(self, item, connection):
        self.first = self.first or item
        super().send_item(self.first, connection)


@found_by("a_method_that_returns_gives_a_stream_of_one_item")
class StreamsOnly(Wire):
    def stream(self, call, connection):
        call.accepts_stream = True
        opened = self.wait(lambda done: self.service.submit(call, done), call, connection)
        if not isinstance(opened, OpenStream):
            raise SeldonError("the component does not stream")
        self.send_items(opened, call, connection)
        return b"null"


@found_by("an_error_ends_a_stream_after_the_items_before_it", "a_stream_that_cannot_begin_is_an_error")
class EndsSilently(Wire):
    def stream(self, call, connection):
        try:
            return super().stream(call, connection)
        except SeldonError:
            return b"null"


@found_by("a_client_that_leaves_a_stream_closes_the_generator")
class ForgetsStreams(Wire):
    def watch(self, call, connection):
        pass

    def stream(self, call, connection):
        call.accepts_stream = True
        opened = self.wait(lambda done: self.service.submit(call, done), call, connection)
        self.send_items(opened, call, connection)
        return b"null"


@found_by("a_client_that_leaves_while_a_stream_awaits_ends_the_wait")
class LooksOnlyWhenItSends(Wire):
    def stream(self, call, connection):
        self.watch = lambda call, connection: None
        try:
            return super().stream(call, connection)
        finally:
            del self.watch


@found_by("a_client_that_reads_nothing_keeps_no_items_and_no_other_call_waiting")
class PullsAhead(Wire):
    def send_items(self, opened, call, connection):
        items = []
        ended = threading.Event()

        def take(item, error):
            if item is None or self.ended.is_set():
                ended.set()
            else:
                items.append(item)
                opened.pull(take)

        opened.pull(take)
        while items or not ended.wait(LOOK_S):
            while items:
                self.send_item(items.pop(0), connection)


@found_by("a_stream_that_outlasts_the_grace_period_is_ended")
class LeavesStreamsOpen(Wire):
    def stop(self, grace_s):
        end = time.monotonic() + grace_s
        for thread in list(self.connections):
            thread.join(max(0.0, end - time.monotonic()))
