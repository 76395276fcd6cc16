"""The hooks of the start: what plugins give takes the place that its hook names."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.builtin import defaults
from seldon_runtime.errors import SeldonError, StartupError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.method import Method
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import Plugin, find
from seldon_runtime.process.lifecycle import Runtime
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.service import Service
from seldon_runtime.settings.values import Settings
from seldon_runtime.transport.sockets import OwnSockets

MODEL = """
    class Model:
        def predict(self, X, names):
            return X
"""
HEAD = """
from seldon_runtime import SeldonError
from seldon_runtime.plugin import *
"""


class Loader:
    """Makes runtimes with plugins of the given sources, and ends their threads."""

    def __init__(self, publish: Callable[..., Path], settings: Callable[..., Settings]) -> None:
        self._publish = publish
        self._settings = settings
        self._runtimes: list[Runtime] = []
        self._known: dict[str, Plugin] = {}

    def __call__(self, *sources: str, persistence: bool = False, **changes: object) -> Service:
        """Return the service."""
        return self.runtime(*sources, persistence=persistence, **changes).load()

    def runtime(self, *sources: str, persistence: bool = False, **changes: object) -> Runtime:
        """Return the runtime, not yet loaded. A source that comes again is the same plugin."""
        chosen = [self._plugin("extension", f"acme{n}", source) for n, source in enumerate(sources)]
        if persistence:
            chosen.append(self._plugin("persistence", "store", STORE))
            changes = {"persistence_secret_key": "x" * 16, **changes}
        self._runtimes.append(Runtime(PluginSet(chosen, [defaults]), self._settings(**changes), OwnSockets()))
        return self._runtimes[-1]

    def _plugin(self, group: str, name: str, source: str) -> Plugin:
        if source not in self._known:
            self._publish(f"acme-{name}", {group: f"{name} = {name}"}, HEAD + textwrap.dedent(source))
            self._known[source] = find(f"seldon_runtime.{group}", name)
        return self._known[source]

    def end(self) -> None:
        """End all threads."""
        for runtime in self._runtimes:
            runtime.startup.close()
            for executor in runtime.startup.units.executors:
                executor.stop(10)


@pytest.fixture
def load(
    publish: Callable[..., Path], write: Callable[[str, str], Path], settings: Callable[..., Settings]
) -> Iterator[Loader]:
    write("Model.py", MODEL)
    loader = Loader(publish, settings)
    yield loader
    loader.end()


STORE = """
    from pathlib import Path
    from seldon_runtime.builtin.file_store import FileStore

    @hookimpl
    def seldon_state_store(settings):
        return FileStore(Path("state"))
"""


def ask(service: Service, body: Any) -> Any:
    wire = json.dumps(body).encode()
    return json.loads(service.call(Call(Method.PREDICT, wire, JsonCodec(service.limits), "test")))


PREDICTOR = """
    import threading

    class Upper(Predictor):
        methods = frozenset({Method.PREDICT})

        def load(self):
            self.thread = threading.get_ident()

        def predict(self, method, request):
            assert threading.get_ident() == self.thread
            return Message(Payload(Kind.STR, request.payload.value.upper()))

        def metadata(self):
            return {"name": "upper"}

        def close(self):
            closed.append(threading.get_ident() == self.thread)

    closed = []

    @hookimpl
    def seldon_predictor(reference):
        return Upper() if reference.startswith("upper:") else None
"""


def test_a_plugins_predictor_answers_in_place_of_a_class(load: Loader) -> None:
    service = load(PREDICTOR, model_name="upper:case")
    assert ask(service, {"strData": "text"})["strData"] == "TEXT"
    assert service.metadata() == {"name": "upper"}
    assert (service.user, service.class_name) == (None, "Upper")


def test_a_predictor_that_takes_other_references_leaves_the_class(load: Loader) -> None:
    assert load(PREDICTOR).class_name == "Model"


def test_a_predictor_is_closed_once_on_its_thread_at_the_end(load: Loader) -> None:
    runtime = load.runtime(PREDICTOR, model_name="upper:case")
    runtime.load()
    assert runtime.startup.units.stop(time.monotonic() + 10)
    assert sys.modules["acme0"].closed == [True]


def test_a_predictor_and_state_do_not_go_together(load: Loader) -> None:
    with pytest.raises(StartupError, match="whose state cannot be saved: set PERSISTENCE=0"):
        load(PREDICTOR, persistence=True, model_name="upper:case")


def test_a_predictor_whose_load_fails_stops_the_start(load: Loader) -> None:
    source = PREDICTOR.replace("self.thread = threading.get_ident()", "raise SeldonError('no model')")
    with pytest.raises(StartupError, match="upper:case: load raised SeldonError: no model"):
        load(source, model_name="upper:case")


BATCHER = """
    class Together(Batcher):
        def group(self, call):
            return "all"

        def predict(self, method, requests, predict):
            sizes.append(len(requests))
            return [predict(method, request) for request in requests]

    sizes = []

    @hookimpl
    def seldon_batcher(service, settings):
        return Together()
"""


def test_a_plugins_batcher_answers_the_calls(load: Loader) -> None:
    service = load(BATCHER)
    assert ask(service, {"strData": "text"})["strData"] == "text"
    assert sys.modules["acme0"].sizes == [1]


SERVICE = """
    import threading

    class Chain(Service):
        '''Two components, the answer of one being the request of the next.'''

        def accept(self, call, done):
            first = self.units[0]
            first.executor.submit(lambda: self.run(call, done))

        def run(self, call, done):
            answer = error = None
            try:
                message = call.codec.read(call.method, call.wire)
                message = self.units[0].predictor.predict(call.method, message)
                second = self.units[1]
                message = second.executor.run(lambda: second.predictor.predict(call.method, message))
                answer = call.codec.write(call.method, message)
            except SeldonError as raised:
                error = raised
            self.finish(call, done, answer, error, call.submitted)

        def give_up(self, reason):
            self.alive = self.ready = False

    @hookimpl
    def seldon_service(units, settings):
        if not settings["model_name"].endswith(".chain"):
            return None
        loaded = [
            units.load("Model", {}, Identity(unit=name), ServiceType.MODEL) for name in ("first", "second")
        ]
        return Chain(loaded, metadata={"name": "chain"})
"""


def test_a_plugins_service_has_units_with_threads_and_names_of_their_own(load: Loader) -> None:
    service = load(SERVICE, model_name="two.chain")
    assert ask(service, {"strData": "text"})["strData"] == "text"
    assert [unit.identity.unit for unit in service.units] == ["first", "second"]
    assert len({unit.executor for unit in service.units}) == 2
    assert service.identity.unit == "first"


def test_the_state_of_each_unit_is_kept_under_its_own_key(load: Loader, tmp_path: Path) -> None:
    load(SERVICE, persistence=True, model_name="two.chain")
    folders = sorted(path.name for path in (tmp_path / "state").iterdir())
    assert folders == ["persistence_0_0_first", "persistence_0_0_second"]


LOADER = """
    class Remote:
        def __init__(self):
            self.count = 0

    Remote.__module__, Remote.__qualname__ = __name__, "Remote"

    @hookimpl
    def seldon_load_component(reference):
        return Remote() if reference.startswith("s3://") else None
"""
RESTORE = """
    @hookimpl
    def seldon_restore_component(reference, restore):
        return restore(Remote) if reference.startswith("s3://") else None
"""


def test_a_loader_restores_the_state_of_its_components(load: Loader) -> None:
    first = load.runtime(LOADER + RESTORE, persistence=True, model_name="s3://model")
    service: Any = first.load()
    service.user.count += 7
    for unit, state in first.startup.units.states:
        state.start(unit.user, unit.executor, service.state_saved)
    assert first.startup.units.finish_states(time.monotonic() + 10)
    again: Any = load(LOADER + RESTORE, persistence=True, model_name="s3://model")
    assert again.user.count == 7
    assert again.user is not service.user


def test_a_loader_that_restores_nothing_is_refused_with_state(load: Loader) -> None:
    with pytest.raises(StartupError, match=r"does not restore state .*set PERSISTENCE=0"):
        load(LOADER, persistence=True, model_name="s3://model")


SPECIFIES = """
    import sys, types

    specifications = types.ModuleType("acme_specifications")

    @hookspec
    def seldon_acme_routes(service):
        '''Give routes.'''

    specifications.seldon_acme_routes = seldon_acme_routes
    given = []

    @hookimpl
    def seldon_hookspecs():
        return specifications

    @hookimpl
    def seldon_transport(service, hooks):
        given.extend(hooks.collect("seldon_acme_routes", service=service))
"""
IMPLEMENTS = """
    @hookimpl(optionalhook=True)
    def seldon_acme_routes(service):
        return ["/hello", service.class_name]
"""


def test_a_plugin_may_specify_hooks_that_others_implement(load: Loader) -> None:
    load(IMPLEMENTS, SPECIFIES)  # in either order
    assert [item for _, item in sys.modules["acme1"].given] == ["/hello", "Model"]


def test_a_hook_of_a_plugin_that_is_not_selected_is_ignored_if_it_is_optional(load: Loader) -> None:
    assert load(IMPLEMENTS).class_name == "Model"


def test_a_hook_of_a_plugin_that_is_not_selected_is_refused_with_the_remedy(load: Loader) -> None:
    with pytest.raises(StartupError, match=r"mark yours with @hookimpl\(optionalhook=True\)"):
        load(IMPLEMENTS.replace("(optionalhook=True)", ""))


def test_parts_that_were_started_are_stopped_when_the_start_fails_later(load: Loader) -> None:
    source = """
    trace = []

    class Part(Observer, Interceptor):
        def __init__(self, name, fails=False):
            self.name, self.fails = name, fails

        def start(self):
            if self.fails:
                raise OSError("no port")
            trace.append(f"{self.name} starts")

        def stop(self, grace_s):
            trace.append(f"{self.name} stops")

    @hookimpl
    def seldon_observer():
        return Part("observer")

    @hookimpl
    def seldon_interceptor():
        return [Part("first"), Part("second", fails=True)]
    """
    with pytest.raises(StartupError, match="failed to start: OSError: no port"):
        load(source)
    trace = sys.modules["acme0"].trace
    assert trace == ["observer starts", "first starts"]


def test_an_error_of_a_plugins_service_is_an_answer(load: Loader) -> None:
    service = load(SERVICE, model_name="two.chain")
    with pytest.raises(SeldonError):
        ask(service, {})


EVERY_HOOK = """
    import seldon_runtime.hookspecs as specs

    given = {}

    @hookimpl
    def seldon_observer(settings, hooks):
        given["observer"] = hooks

    @hookimpl
    def seldon_service(units, settings, hooks):
        given["service"] = hooks

    @hookimpl
    def seldon_predictor(reference, hooks):
        given["predictor"] = hooks

    @hookimpl
    def seldon_load_component(reference, hooks):
        given["load_component"] = hooks

    @hookimpl
    def seldon_interceptor(hooks):
        given["interceptor"] = hooks

    @hookimpl
    def seldon_batcher(hooks):
        given["batcher"] = hooks

    @hookimpl
    def seldon_transport(hooks):
        given["transport"] = hooks
"""


def test_every_hook_that_makes_objects_receives_the_hooks(load: Loader) -> None:
    service = load(EVERY_HOOK, SPECIFIES, IMPLEMENTS)
    given = sys.modules["acme0"].given
    assert len(given) == 7
    for hooks in given.values():
        items = [item for _, item in hooks.collect("seldon_acme_routes", service=service)]
        assert items == ["/hello", "Model"]


SERVICE_BATCHER = """
    class Together(Batcher):
        def __init__(self, unit):
            self.unit = unit

        def group(self, call):
            return "all"

        def predict(self, method, requests, predict):
            seen.append((self.unit.identity.unit, len(requests)))
            return [predict(method, request) for request in requests]

    seen = []

    @hookimpl
    def seldon_batcher(unit):
        if unit.identity.unit in refused:
            raise StartupError("not this one")
        return Together(unit) if unit.identity.unit != "first" else None

    refused = set()
"""
COMPOSED = """
    from seldon_runtime.plugin import Ask, ComposedService

    class Chain(ComposedService):
        def steps(self, call, request):
            for unit in self.units:
                request = yield Ask(unit, call.method, request)
            return request

    @hookimpl
    def seldon_service(units, settings):
        return Chain([units.load("Model", {}, Identity(unit=name)) for name in ("first", "second")])
"""


def test_each_component_of_a_composed_service_has_the_batcher_of_its_own(load: Loader) -> None:
    service = load(SERVICE_BATCHER, COMPOSED)
    assert ask(service, {"strData": "text"})["strData"] == "text"
    assert sys.modules["acme0"].seen == [("second", 1)]


def test_a_component_whose_batches_are_refused_is_named(load: Loader) -> None:
    source = SERVICE_BATCHER.replace("refused = set()", "refused = {'second'}")
    with pytest.raises(StartupError, match=r"^second: not this one$"):
        load(source, COMPOSED)


def test_a_batcher_beside_a_service_that_does_not_batch_is_warned_of(
    load: Loader, caplog: pytest.LogCaptureFixture
) -> None:
    load(SERVICE, SERVICE_BATCHER, model_name="two.chain")
    assert "does not batch calls: Together of extension plugin 'acme1'" in caplog.text
