"""A client of a process that the fixture ``seldon_run`` starts with REST."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from seldon_runtime.testing import WAIT_S, Process


def post(
    process: Process, path: str, message: Any, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """Send a message as JSON; return the status of the response and its JSON."""
    headers = {"Content-Type": "application/json", **(headers or {})}
    status, body = fetch(f"{process.addresses['rest']}{path}", json.dumps(message).encode(), headers)
    return status, json.loads(body)


def fetch(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Make a request, with GET if it has no body; return status and body of the response."""
    request = urllib.request.Request(url, body, dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=WAIT_S) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
