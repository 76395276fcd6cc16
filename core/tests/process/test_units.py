"""Loading a component: what may go wrong is told with its cause."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.builtin import defaults
from seldon_runtime.errors import SeldonError, StartupError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import EXTENSION, find
from seldon_runtime.process.lifecycle import Runtime
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.service import Service
from seldon_runtime.settings.values import Settings
from seldon_runtime.testing import WAIT_S
from seldon_runtime.transport.sockets import OwnSockets

Load = Callable[..., Service]


@pytest.fixture
def load(write: Callable[[str, str], Path], settings: Callable[..., Settings]) -> Iterator[Load]:
    """``load(source, *extensions, **settings)``: the service of the class Model in ``source``."""
    runtimes: list[Runtime] = []

    def load(source: str, *extensions: str, **changes: object) -> Service:
        write("Model.py", source)
        plugin_set = PluginSet([find(EXTENSION, name) for name in extensions], [defaults])
        runtimes.append(Runtime(plugin_set, settings(**changes), OwnSockets()))
        return runtimes[-1].load()

    yield load
    for runtime in runtimes:
        runtime.startup.close()
        for executor in runtime.startup.units.executors:
            executor.stop(WAIT_S)


def failure(load: Load, source: str, *extensions: str, **changes: object) -> StartupError:
    with pytest.raises(StartupError) as caught:
        load(source, *extensions, **changes)
    return caught.value


def call(text: str, method: Method = Method.PREDICT) -> Call:
    return Call(method, text.encode(), JsonCodec(Limits()), "test")


def test_the_service_has_the_settings(load: Load) -> None:
    service = load(
        """
        class Model:
            def __init__(self, n):
                self.n = n

            def predict(self, X):
                raise ValueError("secret")
        """,
        parameters='[{"name": "n", "value": "3", "type": "INT"}]',
        max_nesting=5,
        error_details=False,
        unit_id="u",
        unit_image="i:1",
        model_metadata='{"platform": "numpy"}',
    )
    assert service.user.n == 3  # type: ignore[attr-defined]
    assert service.limits.max_nesting == 5
    assert service.identity.request_path == {"u": "i:1"}
    assert service.metadata()["platform"] == "numpy"
    with pytest.raises(SeldonError, match="the component failed; see its log"):
        service.call(call('{"strData":"s"}'))
    assert not service.ready


@pytest.mark.parametrize(
    ("body", "message", "cause"),
    [
        (
            "def __init__(self): 1 / 0",
            "the constructor of Model failed: ZeroDivisionError: division by zero",
            True,
        ),
        ("def load(self): raise OSError('gone')", "Model: Model.load raised OSError: gone", True),
        ("def load(self): raise SystemExit(0)", "Model: Model.load raised SystemExit: 0", True),
        ("def load(self): raise AttributeError('x')", "Model: Model.load raised AttributeError: x", True),
        ("def init_metadata(self): return {}['k']", "Model: Model.init_metadata raised KeyError: 'k'", True),
        (
            "tags = property(lambda self: 1 / 0)",
            "Model: Model.tags raised ZeroDivisionError: division by",
            True,
        ),
        ("def predict(self, X, names, more): pass", "Model.predict needs the argument 'more'", False),
        ("def load(self): self.predict = lambda a, b, c: a", "Model.load.<locals>.<lambda> needs the", False),
    ],
)
def test_a_class_that_cannot_be_loaded_is_told_with_the_cause(
    load: Load, body: str, message: str, cause: bool
) -> None:
    error = failure(load, f"class Model:\n    {body}\n")
    assert str(error).startswith(message)
    assert (error.__cause__ is not None) is cause


def test_a_load_that_refuses_in_the_protocols_words_stops_the_start_too(load: Load) -> None:
    error = failure(
        load,
        """
        from seldon_runtime import SeldonError

        class Model:
            def load(self):
                raise SeldonError("no model file")
        """,
    )
    assert str(error) == "Model: load raised SeldonError: no model file"
    assert isinstance(error.__cause__, SeldonError)


def test_a_load_that_says_it_is_not_there_is_no_failure(load: Load) -> None:
    source = "from seldon_runtime import Component\nclass Model(Component):\n    pass\n"
    assert load(source).methods == frozenset()


def test_bad_metadata_are_told_and_the_component_serves_all_the_same(
    load: Load, caplog: pytest.LogCaptureFixture
) -> None:
    service = load(
        "class Model:\n    def init_metadata(self): return {'name': 5}\n    def predict(self, X): return X\n"
    )
    with pytest.raises(SeldonError, match="metadata from init_metadata"):
        service.metadata()
    assert "the metadata cannot be served: metadata from init_metadata(): name is 5" in caplog.text
    assert service.call(call('{"strData":"s"}')) == b'{"meta":{},"strData":"s"}'


@pytest.mark.parametrize(
    ("service_type", "warned"), [("MODEL", False), ("ROUTER", True), ("OUTLIER_DETECTOR", True)]
)
def test_a_class_without_the_method_of_its_service_type_is_warned_of(
    load: Load, caplog: pytest.LogCaptureFixture, service_type: str, warned: bool
) -> None:
    load("class Model:\n    def predict(self, X): return X\n", service_type=service_type)
    assert (f"SERVICE_TYPE is {service_type}, but the class defines no " in caplog.text) is warned
    assert ("; it fits SERVICE_TYPE=MODEL" in caplog.text) is warned


@pytest.mark.parametrize(
    ("hook", "message"),
    [
        ("seldon_load_component(reference)", "failed in seldon_load_component: OSError: broken"),
        ("seldon_observer()", "failed in seldon_observer: OSError: broken"),
        ("seldon_interceptor()", "failed in seldon_interceptor: OSError: broken"),
        ("seldon_transport()", "failed in seldon_transport: OSError: broken"),
    ],
)
def test_a_plugin_that_fails_is_named(load: Load, publish: Any, hook: str, message: str) -> None:
    source = f"from seldon_runtime import hookimpl\n@hookimpl\ndef {hook}: raise OSError('broken')\n"
    publish("acme-bad", {"extension": "bad = acme_bad"}, source)
    error = failure(load, "class Model: pass\n", "bad")
    assert str(error) == f"extension plugin 'bad' (acme-bad 1.0, acme_bad) {message}"


def test_transports_of_one_name_from_two_plugins_stop_the_start_naming_both(load: Load, publish: Any) -> None:
    source = """
        from seldon_runtime import hookimpl

        class Transport:
            name = "line"
            address = "line://"
            start = stop_accepting = lambda self: None
            stop = lambda self, grace_s: None

        @hookimpl
        def seldon_transport():
            return [Transport(), Transport()]
    """
    for name in ("one", "two"):
        publish(f"acme-{name}", {"extension": f"{name} = acme_{name}"}, source)
    load("class Model: pass\n", "one")
    assert str(failure(load, "class Model: pass\n", "one", "two")) == (
        "extension plugin 'two' (acme-two 1.0, acme_two) returned a transport with the name 'line', "
        "as extension plugin 'one' (acme-one 1.0, acme_one) did. Leave one of them out"
    )


def test_a_plugin_may_load_the_component_in_its_own_way(load: Load, publish: Any) -> None:
    publish(
        "acme-loader",
        {"extension": "loader = acme_loader"},
        """
        import threading
        from seldon_runtime import hookimpl

        class Remote:
            def __init__(self, *given):
                self.given = given
                self.thread = threading.get_ident()

        @hookimpl
        def seldon_load_component(reference, parameters, settings):
            return Remote(reference, dict(parameters), settings["service_type"])
        """,
    )
    service = load("raise ImportError", "loader", model_name="s3://models/1")
    assert service.user.given == ("s3://models/1", {}, "MODEL")  # type: ignore[attr-defined]
    assert service.user.thread == service.executor.run(threading.get_ident)  # type: ignore[attr-defined]


PREDICTOR = """
    from seldon_runtime.plugin import Method, Predictor, SeldonError, StartupError, hookimpl

    class Acme(Predictor):
        methods = frozenset({Method.PREDICT})

        def BODY

        def predict(self, method, request):
            return request

    @hookimpl
    def seldon_predictor(reference):
        return Acme()
"""


@pytest.mark.parametrize(
    ("body", "message", "cause"),
    [
        ("load(self): open('/no/such')", "Model: Acme.load raised FileNotFoundError: ", FileNotFoundError),
        ("load(self): raise SystemExit(0)", "Model: Acme.load raised SystemExit: 0", SystemExit),
        ("load(self): raise GeneratorExit", "Model: Acme.load raised GeneratorExit", GeneratorExit),
        ("load(self): raise SeldonError('no file')", "Model: load raised SeldonError: no file", SeldonError),
        ("load(self): raise StartupError('no file')", "no file", type(None)),
        ("metadata(self): 1 / 0", "Model: Acme.metadata raised ZeroDivisionError: ", ZeroDivisionError),
    ],
)
def test_a_predictor_that_cannot_be_loaded_is_told_with_the_cause(
    load: Load, publish: Callable[..., Path], body: str, message: str, cause: type[BaseException]
) -> None:
    publish("acme", {"extension": "acme = acme_predictor"}, PREDICTOR.replace("BODY", body))
    error = failure(load, "class Model: pass", "acme")
    assert str(error).startswith(message)
    assert isinstance(error.__cause__, cause)
