"""The constructor, ``load()`` and every call run in one and the same thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from seldon_runtime.builtin import defaults
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.process.lifecycle import Runtime
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.settings.values import Settings
from seldon_runtime.testing import WAIT_S
from seldon_runtime.transport.sockets import OwnSockets


def call(text: str, method: Method = Method.PREDICT) -> Call:
    return Call(method, text.encode(), JsonCodec(Limits()), "test")


THREADS = """
    import threading

    class Model:
        def __init__(self):
            self.touched = [("init", threading.get_ident())]

        def __getattr__(self, name):
            if name == "class_names":
                self.touched.append((name, threading.get_ident()))
            raise AttributeError(name)

        def note(self, what):
            self.touched.append((what, threading.get_ident()))

        def load(self):
            self.note("load")

        def init_metadata(self):
            self.note("init_metadata")

        def predict(self, X, names):
            self.note("predict")
            return X

        def send_feedback(self, features, names, reward, truth):
            self.note("send_feedback")

        def tags(self):
            self.note("tags")
            return {}

        def metrics(self):
            self.note("metrics")
            return []

        def health_status(self):
            self.note("health_status")
            return "fine"
"""


def test_one_thread_does_everything_though_a_thousand_calls_come_from_many(
    write: Callable[[str, str], Path], settings: Callable[..., Settings]
) -> None:
    write("Model.py", THREADS)
    runtime = Runtime(PluginSet([], [defaults]), settings(), OwnSockets())
    service = runtime.load()
    calls = [call('{"data":{"ndarray":[[1]]}}') for _ in range(900)]
    calls += [call('{"reward":1}', Method.SEND_FEEDBACK) for _ in range(50)]
    calls += [call("", Method.HEALTH_STATUS) for _ in range(50)]
    with ThreadPoolExecutor(32) as clients:
        answers = list(clients.map(service.call, calls))
    assert len(answers) == 1000
    touched = service.user.touched  # type: ignore[attr-defined]
    threads = {thread for _, thread in touched}
    assert threads == {service.executor.run(threading.get_ident)}
    assert threading.get_ident() not in threads
    done = [what for what, _ in touched]
    first = [what for what in done if what != "class_names"][:3]  # the check of names reads it, too
    assert first == ["init", "load", "init_metadata"]
    assert {what: done.count(what) for what in set(done) - set(first)} == {
        "predict": 900,
        "class_names": 901,
        "send_feedback": 50,
        "health_status": 50,
        "tags": 1000,
        "metrics": 1000,
    }
    service.executor.stop(WAIT_S)
