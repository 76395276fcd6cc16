"""The command ``seldon-component test``: sends random requests of a contract and checks the answers."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from seldon_runtime.plugin import ServiceType
from seldon_runtime_tools import contract_file, settings_file
from seldon_runtime_tools.contract import Contract
from seldon_runtime_tools.contract_file import ContractError
from seldon_runtime_tools.local_server import local_server

_ANSWER_S = 60
_CHILDREN = 2
_PATHS = {
    ServiceType.MODEL: "/predict",
    ServiceType.ROUTER: "/route",
    ServiceType.TRANSFORMER: "/transform-input",
    ServiceType.COMBINER: "/aggregate",
    ServiceType.OUTLIER_DETECTOR: "/transform-input",
}


@dataclass(frozen=True, slots=True)
class ContractCheck:
    """Makes requests of a contract, and checks answers."""

    contract: Contract
    service_type: ServiceType
    n_rows: int
    as_tensor: bool

    def request(self, random: np.random.Generator) -> dict[str, Any]:
        """Return a random request that fits the contract."""
        if self.service_type is ServiceType.COMBINER:
            return {"seldonMessages": [self._message(random) for _ in range(_CHILDREN)]}
        return self._message(random)

    def _message(self, random: np.random.Generator) -> dict[str, Any]:
        rows = self.contract.rows(self.n_rows, random)
        data: dict[str, Any] = {"ndarray": rows}
        if self.as_tensor:
            array = np.array(rows)
            data = {"tensor": {"shape": list(array.shape), "values": array.ravel().tolist()}}
        return {"data": {"names": self.contract.names, **data}}

    def faults(self, answer: Any) -> list[str]:
        """Return descriptions of all misfits between an answer and the contract."""
        try:
            rows = self._rows(answer)
        except (KeyError, TypeError, ValueError):
            return [f"the answer {json.dumps(answer):.200} has no rows"]
        if self.service_type is ServiceType.ROUTER:
            return self.contract.faults(rows, 1)
        return self.contract.faults(rows, self.n_rows)

    def _rows(self, answer: Any) -> list[Any]:
        if self.service_type is ServiceType.OUTLIER_DETECTOR:
            return list(answer["meta"]["tags"]["outlierScore"])
        data = answer["data"]
        if "tensor" in data:
            tensor = data["tensor"]
            rows: list[Any] = np.reshape(tensor["values"], tensor["shape"]).tolist()
            return rows
        return list(data["ndarray"])


@click.command("test", short_help="Send random requests, and check the answers.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option(
    "--contract",
    "file",
    type=click.Path(path_type=Path),
    help="Contract file.  [default: FOLDER/contract.json]",
)
@click.option(
    "--url", help="Send requests to this component; by default, serve the one of FOLDER for the test."
)
@click.option(
    "--service-type",
    type=click.Choice([t.value for t in ServiceType], case_sensitive=False),
    help="Role of the component.  [default: SERVICE_TYPE in FOLDER/.s2i/environment, else MODEL]",
)
@click.option("--path", help="Path of the requests.  [default: that of the service type]")
@click.option(
    "--requests",
    "n_requests",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Number of requests.",
)
@click.option(
    "--rows", "n_rows", type=click.IntRange(1), default=3, show_default=True, help="Rows in each request."
)
@click.option("--tensor", "as_tensor", is_flag=True, help="Send rows as a tensor instead of an ndarray.")
@click.option("--seed", type=click.IntRange(0), help="Seed of the random requests, to repeat them.")
@click.option(
    "--start-timeout",
    "start_s",
    type=float,
    default=60.0,
    show_default=True,
    help="Seconds that the component may take to load.",
)
def command(
    folder: Path,
    file: Path | None,
    url: str | None,
    service_type: str | None,
    path: str | None,
    n_requests: int,
    n_rows: int,
    as_tensor: bool,
    seed: int | None,
    start_s: float,
) -> None:
    """Send random requests that contract.json allows, and check that it allows the answers.

    Prints each answer that does not fit, and then ends with status 1.
    """
    settings = settings_file.read(folder)
    kind = ServiceType((service_type or settings.get("SERVICE_TYPE", "MODEL")).upper())
    file = file or folder / "contract.json"
    try:
        check = ContractCheck(contract_file.read(file), kind, n_rows, as_tensor)
    except ContractError as error:
        raise click.ClickException(str(error)) from error
    if url and not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"{url!r} must have the form http://HOST:PORT", param_hint="--url")
    seed = int.from_bytes(os.urandom(4)) if seed is None else seed
    server = nullcontext(url.rstrip("/")) if url else local_server(folder, settings, start_s)
    with server as base:
        found = list(_faults(check, partial(_post, base + (path or _PATHS[kind])), n_requests, seed))
    for fault in found:
        click.echo(fault)
    if found:
        raise click.ClickException(
            f"{len(found)} of {n_requests} answers do not fit {file}; --seed {seed} repeats them"
        )
    click.echo(f"{n_requests} requests with {n_rows} rows each: all answers fit {file}")


def _faults(check: ContractCheck, ask: Callable[[Any], Any], n_requests: int, seed: int) -> Iterator[str]:
    random = np.random.default_rng(seed)
    for number in range(n_requests):
        request = check.request(random)
        try:
            found = check.faults(ask(request))
        except urllib.error.HTTPError as error:
            found = [f"status {error.code}: {error.read().decode(errors='replace').strip():.300}"]
        except ValueError as error:
            found = [f"the answer must be JSON: {error}"]
        if found:
            yield f"request {number}: {'; '.join(found[:5])}\n  sent {json.dumps(request):.300}"


def _post(url: str, request: Any) -> Any:
    body = json.dumps(request).encode()
    message = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(message, timeout=_ANSWER_S) as answer:
            return json.load(answer)
    except urllib.error.HTTPError:
        raise
    except OSError as error:
        raise click.ClickException(f"cannot send a request to {url}: {error}") from error
