"""A component behind a real executor and service, with the plugin around it and its real page.

Modules without a test module of their name, and the tests that hold them:
    assembly: plugins/metrics/tests/runtime/test_observer.py, plugins/metrics/tests/page/test_transport.py
"""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.plugin import Call, Identity, Lifecycle, Method, OwnSockets, Settings, Unit, Worker
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime_metrics.assembly import Assembly

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
DEFAULTS: dict[str, Any] = {
    "host": "127.0.0.1",
    "metrics_port": 0,
    "metrics_endpoint": "/metrics",
    "metrics_runtime": True,
    "metrics_strict": False,
    "metrics_max_series": 1000,
    "metrics_timer_buckets": (),
    "metrics_feedback": True,
    "metrics_dir": None,
}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Metered:
    """Answers what it is sent; ``jsonData`` is a list of metrics to measure."""

    def __init__(self) -> None:
        self.wanted: list[Any] = []

    def predict(self, X: Any, features_names: Any) -> Any:
        self.wanted = X if isinstance(X, list) else []
        return "done"

    def metrics(self) -> Any:
        return self.wanted

    def send_feedback(self, features: Any, names: Any, reward: Any, truth: Any) -> None:
        if reward == 13:
            raise ValueError("unlucky")


class Served:
    """A started page and the service it tells of."""

    def __init__(
        self, user: object, identity: Identity, worker: Worker | None = None, **settings: Any
    ) -> None:
        self.executor = Executor(queue_size=100)
        self.executor.start()
        assembly = Assembly(Settings(DEFAULTS | settings, worker=worker))
        self.observer = assembly.observer()
        self.observer.lifecycle_changed(Lifecycle.LOADING)
        adapter = ComponentAdapter(user, identity, show_metrics=False)  # JSON has no NaN to show
        self.service = ComponentService(Unit(adapter, self.executor, identity, user=user))
        self.service.attach([self.observer], [assembly.interceptor(self.service)])
        self.transport = assembly.transport(OwnSockets())
        self.transport.start()
        self._codec = JsonCodec(self.service.limits)

    @property
    def port(self) -> int:
        return int(self.transport.address.rpartition(":")[2].partition("/")[0])

    def make_call(self, request: Any, method: Method = Method.PREDICT) -> Call:
        """Not yet submitted."""
        body = json.dumps(request).encode()
        return Call(method, body, self._codec, "test", request_bytes=len(body))

    def call(self, request: Any, method: Method = Method.PREDICT) -> Any:
        """One call; its answer."""
        return json.loads(self.service.call(self.make_call(request, method)))

    def measure(self, *metrics: Any) -> Any:
        """A call whose component measures these."""
        return self.call({"jsonData": list(metrics)})

    def get(
        self, path: str = "/metrics", verb: str = "GET", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(verb, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    def page(self, path: str = "/metrics", **headers: str) -> str:
        status, _, body = self.get(path, **headers)
        assert status == 200, body
        return body.decode()

    def samples(self, path: str = "/metrics") -> Samples:
        """Read by prometheus-client's parser; also checks that the OpenMetrics page says the same of them."""
        found = flat(parse_text(self.page(path)))
        other = flat(parse_openmetrics(self.page(path, Accept=OPENMETRICS)))
        stable = {key for key in found if not key[0].startswith("process_")}
        assert {key for key in other if not key[0].startswith("process_")} == stable
        assert repr([other[key] for key in stable]) == repr([found[key] for key in stable])
        return found

    def value(self, name: str, /, **labels: str) -> float | None:
        """Of the one sample with at least these labels; None when there is none."""
        wanted = set(labels.items())
        found = [value for (sample, has), value in self.samples().items() if sample == name and wanted <= has]
        assert len(found) <= 1, f"{len(found)} samples of {name} with {labels}"
        return found[0] if found else None

    def stop(self) -> None:
        self.transport.stop_accepting()
        self.transport.stop(5)
        assert self.executor.stop(5)


def flat(families: Any) -> Samples:
    samples: Samples = {}
    for family in families:
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in samples, f"{key} stands twice on the page"
            samples[key] = sample.value
    return samples


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Makes a :class:`Served`; settings are given by option name."""
    started: list[Served] = []

    def start(user: object | None = None, identity: Identity | None = None, **settings: Any) -> Served:
        started.append(Served(user or Metered(), identity or Identity(), **settings))
        return started[-1]

    yield start
    for served in started:
        served.stop()


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    """With the default settings."""
    return serve()


@pytest.fixture
def promtool() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs ``promtool`` with the text on its standard input."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (Debian package prometheus)")

    def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run([program, *arguments], input=text, capture_output=True, text=True, check=False)

    return run
