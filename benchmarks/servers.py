"""The servers of the comparison: this runtime, bare servers, and its peers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
_SCRIPTS = Path(sysconfig.get_path("scripts"))

V1_BODY = b'{"data":{"names":["a","b","c","d"],"ndarray":[[1.0,2.0,3.0,4.0]]}}'


@dataclass(frozen=True)
class Server:
    """The command and the request of a server. ``{http}`` and ``{grpc}`` in the words become free ports."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Files for the folder in which the server starts: text by path."""
    path: str = "/predict"
    body: bytes = V1_BODY
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    """The headers of a REST request."""
    ready: str = "/health/ready"
    speaks_grpc: bool = False

    def body_of(self, rows: list[list[float]]) -> bytes:
        """Return the request with another array."""
        text = json.dumps(rows, separators=(",", ":"))
        if b"instances" in self.body:
            return b'{"instances":%b}' % text.encode()
        if b"inputs" in self.body:
            flat = json.dumps([value for row in rows for value in row], separators=(",", ":"))
            return _v2_body(f"[{len(rows)},{len(rows[0])}]", flat)
        return b'{"data":{"ndarray":%b}}' % text.encode()

    def changed(self, name: str, *words: str, **environment: str) -> Server:
        """Return the same server under another name, with further words and variables."""
        return replace(
            self, name=name, command=(*self.command, *words), environment={**self.environment, **environment}
        )


def _v2_body(shape: str, data: str) -> bytes:
    return f'{{"inputs":[{{"name":"x","shape":{shape},"datatype":"FP64","data":{data}}}]}}'.encode()


def ours(transports: str = "REST", *words: str, **environment: str) -> Server:
    """Return this runtime, by default without the metrics plugin."""
    return Server(
        "seldon",
        (str(_SCRIPTS / "seldon-run"), "Identity", transports, *words),
        {
            "METRICS": "0",
            "SELDON_PROTOCOLS": "v1",
            "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": "{http}",
            "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": "{grpc}",
            "SELDON_MAX_BODY_BYTES": "1000000000",
            "SELDON_GRPC_MAX_MESSAGE_BYTES": "1000000000",
            **environment,
        },
        {"Identity.py": (PROGRAMS / "Identity.py").read_text()},
        ready="/health/ready" if "REST" in transports else "",
        speaks_grpc="GRPC" in transports,
    )


def running_program(program: str, *words: str, transports: str = "REST") -> Server:
    """Return this runtime with another component, the class ``program`` in ``programs/``."""
    server = ours(transports, *words)
    command = tuple(program if word == "Identity" else word for word in server.command)
    files = {f"{program}.py": (PROGRAMS / f"{program}.py").read_text()}
    return replace(server, command=command, files=files)


def bare_rest() -> Server:
    """Return uvicorn with the same JSON and NumPy work."""
    return Server("bare", (sys.executable, str(PROGRAMS / "bare_asgi.py"), "{http}"))


def bare_grpc() -> Server:
    """Return grpcio without work."""
    return Server(
        "bare", (sys.executable, str(PROGRAMS / "bare_grpc.py"), "{grpc}"), ready="", speaks_grpc=True
    )


def bare_echo() -> Server:
    """Return uvicorn without work, for any path."""
    return Server("bare", (sys.executable, str(PROGRAMS / "bare_echo.py"), "{http}"))


def peers(environment: Path) -> dict[str, tuple[str, Server]]:
    """Return the peers in a virtual environment: version and server by name."""
    python = environment / "bin" / "python"
    code = (
        "import json, importlib.metadata as m; "
        "print(json.dumps({d.metadata['Name'].lower(): d.version for d in m.distributions()}))"
    )
    found = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout
    versions: dict[str, str] = json.loads(found)
    makers = {
        "seldon-core": _incumbent,
        "mlserver": _mlserver,
        "kserve": _kserve,
        "nvidia-pytriton": _triton,
        "litserve": _litserve,
        "bentoml": bentoml_chain,
        "ray": ray_chain,
    }
    made = {name: make(environment / "bin") for name, make in makers.items() if name in versions}
    return {server.name: (f"{name} {versions[name]}", server) for name, server in made.items()}


def _incumbent(scripts: Path) -> Server:
    words = ("Identity", "--http-port", "{http}", "--grpc-port", "{grpc}", "--metrics-port", "{other}")
    return Server(
        "incumbent",
        (str(scripts / "seldon-core-microservice"), *words),
        {"PYTHONPATH": "."},
        {"Identity.py": (PROGRAMS / "Identity.py").read_text()},
        ready="/health/ping",
        speaks_grpc=True,
    )


def _mlserver(scripts: Path) -> Server:
    settings = {
        "http_port": "{http}",
        "grpc_port": "{grpc}",
        "metrics_port": "{other}",
        "parallel_workers": 0,
        "debug": False,
    }
    model = {"name": "identity", "implementation": "mlserver_identity.Identity"}
    return Server(
        "mlserver",
        (str(scripts / "mlserver"), "start", "."),
        {"PATH": f"{scripts}:{os.environ['PATH']}"},
        {
            "settings.json": json.dumps(settings).replace('"{', "{").replace('}"', "}"),
            "model-settings.json": json.dumps(model),
            "mlserver_identity.py": (PROGRAMS / "mlserver_identity.py").read_text(),
        },
        "/v2/models/identity/infer",
        _v2_body("[1,4]", "[1.0,2.0,3.0,4.0]"),
        ready="/v2/health/ready",
    )


def _kserve(scripts: Path) -> Server:
    words = ("--http_port", "{http}", "--grpc_port", "{grpc}")
    return Server(
        "kserve",
        (str(scripts / "python"), str(PROGRAMS / "kserve_identity.py"), *words),
        {},
        {},
        "/v1/models/identity:predict",
        b'{"instances":[[1.0,2.0,3.0,4.0]]}',
        ready="/v2/health/ready",
    )


def _triton(scripts: Path) -> Server:
    """Return Triton with its backend for Python, from the wheel of pytriton."""
    (folder,) = scripts.parent.glob("lib/python*/site-packages/pytriton/tritonserver")
    version = folder.parents[2].name.removeprefix("python")
    stub = (
        "triton_python_backend_stub"  # which pytriton, too, copies to the backend of the version that runs it
    )
    shutil.copy(folder / "python_backend_stubs" / version / stub, folder / "backends" / "python")
    ports = ("--http-port", "{http}", "--grpc-port", "{grpc}", "--allow-metrics", "false")
    backends = ("--model-repository", "models", "--backend-directory", str(folder / "backends"))
    library = (scripts / "python").resolve().parent.parent / "lib"  # libpython of the backend's stub
    return Server(
        "triton",
        (str(folder / "bin" / "tritonserver"), *backends, *ports),
        {"LD_LIBRARY_PATH": str(library), "PATH": f"{scripts}:{os.environ['PATH']}"},
        {
            "models/identity/config.pbtxt": (PROGRAMS / "triton_identity.pbtxt").read_text(),
            "models/identity/1/model.py": (PROGRAMS / "triton_identity.py").read_text(),
        },
        "/v2/models/identity/infer",
        _v2_body("[1,4]", "[1.0,2.0,3.0,4.0]"),
        ready="/v2/health/ready",
    )


def _litserve(scripts: Path) -> Server:
    return Server(
        "litserve",
        (str(scripts / "python"), str(PROGRAMS / "litserve_identity.py"), "{http}"),
        path="/predict",
        body=b'{"instances":[[1.0,2.0,3.0,4.0]]}',
        ready="/health",
    )


def bentoml_chain(scripts: Path, first: str = "Third") -> Server:
    """Return BentoML with one service, or with those that follow ``first``."""
    words = ("serve", f"bentoml_chain:{first}", "--host", "127.0.0.1", "--port", "{http}")
    return Server(
        "bentoml",
        (str(scripts / "bentoml"), *words),
        {"BENTOML_DO_NOT_TRACK": "true", "BENTOML_HOME": ".", "PATH": f"{scripts}:{os.environ['PATH']}"},
        {"bentoml_chain.py": (PROGRAMS / "bentoml_chain.py").read_text()},
        body=b'{"instances":[[1.0,2.0,3.0,4.0]]}',
        ready="/readyz",
    )


def ray_chain(scripts: Path, length: int = 1) -> Server:
    """Return Ray Serve with so many deployments that follow one another."""
    return Server(
        "ray",
        (str(scripts / "python"), str(PROGRAMS / "ray_chain.py"), "{http}", str(length)),
        {"RAY_USAGE_STATS_ENABLED": "0", "PATH": f"{scripts}:{os.environ['PATH']}"},
        body=b'{"instances":[[1.0,2.0,3.0,4.0]]}',
        ready="/-/healthz",
    )
