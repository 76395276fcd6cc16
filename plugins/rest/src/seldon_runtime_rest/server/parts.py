"""The objects that the connections of one server share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from seldon_runtime_rest.application import Application
from seldon_runtime_rest.server.completions import Completions
from seldon_runtime_rest.server.connections import Connections
from seldon_runtime_rest.server.response_text import ResponseText


@dataclass(frozen=True, slots=True)
class ServerParts:
    """The objects that the connections of one server share."""

    application: Application
    connections: Connections
    completions: Completions
    text: ResponseText
    loop: asyncio.AbstractEventLoop
