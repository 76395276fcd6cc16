"""``seldon-core-microservice`` in real processes; recorded cases of classes that import ``seldon_core``."""

from __future__ import annotations

import re
import socket
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.transport.free_ports import free_ports
from tests.support import recorded_cases
from tests.support.grpc_client import GrpcClient
from tests.support.paths import DOCS

pytest.importorskip("seldon_core.microservice")

DIFFERENCES = (DOCS / "reference/compatibility.md").read_text()
PROGRAM = Path(sysconfig.get_path("scripts"), "seldon-core-microservice")
MODEL = """
    from seldon_core.user_model import SeldonComponent


    class Model(SeldonComponent):
        def __init__(self, factor=1):
            self.factor = factor

        def predict(self, X, features_names):
            return X * self.factor
"""


def recorded() -> dict[str, Any]:
    """The cases of the start, and those whose models import the package, but for the metrics page, which
    ``test_metrics_page`` has."""
    return {
        case["id"]: case
        for case in recorded_cases.recorded()
        if case["group"] == "start"
        or (recorded_cases.needs_package(case) and case["group"] != "metrics-page")
    }


CASES = recorded()
LISTED = set(re.findall(r"`([\w-]+/[\w-]+)`", DIFFERENCES))


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    words = "{model} --service-type {service_type}"
    return recorded_cases.run(CASES.values(), tmp_path_factory.mktemp("cases"), words, program=PROGRAM.name)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", sorted(CASES))
def test_the_drop_in_answers_as_recorded(case: str, verdicts: dict[str, Any]) -> None:
    assert verdicts[case]["ok"] is (case not in LISTED), verdicts[case]["problems"]


def served_at(server: Any) -> dict[str, int]:
    """The port of each transport, and of the metrics page, whose address goes on behind it."""
    return {name: int(re.findall(r":(\d+)", address)[-1]) for name, address in server.addresses.items()}


@pytest.fixture
def microservice(seldon_run: Callable[..., Any]) -> Callable[..., Any]:
    """Starts ``seldon-core-microservice`` with the class ``Model``."""

    def start(*arguments: str, **given: Any) -> Any:
        env = {"METRICS": "prometheus", **given.pop("env", {})}
        return seldon_run("Model", *arguments, source=MODEL, program=PROGRAM, env=env, **given)

    return start


def test_without_an_api_type_both_transports_and_the_metrics_have_the_ports_of_the_wrapper(
    microservice: Callable[..., Any],
) -> None:
    for port in (9000, 5000, 6000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                pytest.skip(f"port {port} is in use")
    server = microservice("--service-type", "MODEL")
    assert served_at(server) == {"rest": 9000, "grpc": 5000, "metrics": 6000}
    assert server.post("/predict", {"data": {"ndarray": [[1]]}}).json["data"]["ndarray"] == [[1]]
    with GrpcClient(5000) as client:
        assert client.call_raw("seldon.protos.Model/Predict", b"\x1a\x00")


def test_the_arguments_of_the_wrapper_are_understood(
    microservice: Callable[..., Any], tmp_path: Path
) -> None:
    http_port, grpc_port, metrics_port = free_ports(3)
    server = microservice(
        *(
            "--service-type",
            "MODEL",
            "--log-level",
            "INFO",
            "--pidfile",
            "pid",
            "--workers",
            "2",
            "--threads",
            "1",
        ),
        *("--http-port", str(http_port), "--grpc-port", str(grpc_port), "--metrics-port", str(metrics_port)),
        *("--parameters", '[{"name": "factor", "value": "3", "type": "INT"}]', "--max-requests", "100"),
        *(
            "--max-requests-jitter",
            "10",
            "--keepalive",
            "2",
            "--grpc-threads",
            "4",
            "--access-log",
            "--tracing",
        ),
    )
    assert served_at(server) == {"rest": http_port, "grpc": grpc_port, "metrics": metrics_port}
    assert server.post("/predict", {"data": {"ndarray": [[1]]}}).json["data"]["ndarray"] == [[3]]
    assert int(tmp_path.joinpath("pid").read_text()) == server.process.pid
    assert "--tracing has no effect" in server.log
    assert server.stop() == 0
    assert not tmp_path.joinpath("pid").exists()


@pytest.mark.parametrize("api_type", ["REST", "GRPC"])
def test_with_an_api_type_only_that_one_is_served_on_the_service_port(
    microservice: Callable[..., Any], api_type: str, free_port: int
) -> None:
    """The line of the packaging guide's Dockerfile."""
    line = [api_type, "--service-type", "MODEL", "--persistence", "0"]
    server = microservice(*line, env={"PREDICTIVE_UNIT_SERVICE_PORT": str(free_port), "METRICS": "0"})
    assert served_at(server) == {api_type.lower(): free_port}


def test_no_grpc_workers_mean_no_grpc(microservice: Callable[..., Any]) -> None:
    http_port, metrics_port = map(str, free_ports(2))
    server = microservice("--grpc-workers", "0", "--http-port", http_port, "--metrics-port", metrics_port)
    assert served_at(server).keys() == {"rest", "metrics"}


@pytest.mark.parametrize(
    ("arguments", "env", "says"),
    [
        (["FBS"], {}, "'FBS' is not one of"),
        (["--no-such-option"], {}, "--no-such-option"),
        (["--service-type", "OTHER"], {}, "'OTHER' is not one of"),
    ],
)
def test_what_it_does_not_know_is_refused(
    microservice: Callable[..., Any], arguments: list[str], env: dict[str, str], says: str
) -> None:
    server = microservice(*arguments, env=env, wait=False)
    assert server.wait() == 2
    assert says in server.log


def test_beside_the_package_it_stands_for_it_refuses_to_work(
    microservice: Callable[..., Any], install: Callable[..., Path]
) -> None:
    site = install("seldon-core", {}, {})
    server = microservice(wait=False, env={"PYTHONPATH": str(site)})
    assert server.wait() != 0
    assert "seldon-core 1.0 and seldon-runtime-compat" in server.log
    assert "pip uninstall" in server.log
