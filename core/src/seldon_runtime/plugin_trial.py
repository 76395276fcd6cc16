"""Whether installed plugins can be used: each is tried in another process, where it can harm nobody."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from seldon_runtime.errors import StartupError
from seldon_runtime.plugins import Plugin, PluginSet

PATIENCE_S = 30.0
"""How long one plugin may take to be imported."""
_PROGRAM = "import sys; from seldon_runtime.plugin_trial import child; child(int(sys.argv[1]))"


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one plugin."""

    fault: str | None = None
    """Why it cannot be used, as the start would say it."""
    traceback: str = ""
    """Of what it raised."""
    variables: tuple[str, ...] = ()
    """The environment variables of its options."""


def try_plugins(found: Sequence[Plugin]) -> dict[Plugin, Trial]:
    """Import the plugins and ask them for options and commands. Blocks, for a second or so; what they print
    is not shown."""
    trials: dict[Plugin, Trial] = {}
    while len(trials) < len(found):
        rest = [plugin for plugin in found if plugin not in trials]
        trials |= _tried(rest)
    return trials


def _tried(rest: Sequence[Plugin]) -> dict[Plugin, Trial]:
    """What one process came to: all of them, or up to the first that ended or stopped the process."""
    read_end, write_end = os.pipe()
    with open(read_end, "rb") as reports:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, str(write_end)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[write_end],
        )
        os.close(write_end)
        assert process.stdin is not None
        with process.stdin:
            told = {"path": sys.path, "plugins": [plugin._asdict() for plugin in rest]}
            process.stdin.write(json.dumps(told).encode())
        trials: dict[Plugin, Trial] = {}
        fate = None
        try:
            for trial in _reports(reports):
                trials[rest[len(trials)]] = trial
        except TimeoutError:
            fate = f"was not imported within {PATIENCE_S:g} s"
            process.kill()
    status = process.wait()
    if len(trials) < len(rest):
        culprit = rest[len(trials)]
        trials[culprit] = Trial(f"{culprit} {fate or _fate(status)}")
    return trials


def _fate(status: int) -> str:
    ended = f"with status {status}" if status >= 0 else f"by signal {-status}"
    return f"ended the process {ended} while it was imported"


def _reports(reports: Any) -> Iterator[Trial]:
    """As they come, until the process ends. Raises TimeoutError when it is silent for too long."""
    unread = b""
    deadline = time.monotonic() + PATIENCE_S
    while select.select([reports], [], [], max(0.0, deadline - time.monotonic()))[0]:
        part = os.read(reports.fileno(), 65536)
        if not part:
            return
        *lines, unread = (unread + part).split(b"\n")
        for line in lines:
            deadline = time.monotonic() + PATIENCE_S
            told = json.loads(line)
            yield Trial(told["fault"], told["traceback"], tuple(told["variables"]))
    raise TimeoutError


def child(descriptor: int) -> None:
    """The other process: reads plugins from standard input, and reports one trial a line."""
    told = json.loads(sys.stdin.read())
    sys.path[:] = told["path"]
    plugins = [Plugin(**members) for members in told["plugins"]]
    with open(descriptor, "wb", buffering=0) as reports:
        for plugin in plugins:
            reports.write(json.dumps(asdict(_tried_here(plugin))).encode() + b"\n")
        os._exit(0)  # a thread that a plugin has started must not keep the process


def _tried_here(plugin: Plugin) -> Trial:
    try:
        chosen = PluginSet([plugin])
        options = [option for _, option in chosen.collect("seldon_options")]
        list(chosen.collect("seldon_commands"))
    except StartupError as error:
        cause = error.__cause__
        lines = traceback.format_exception(cause) if cause is not None else []
        return Trial(str(error), "".join(lines))
    return Trial(variables=tuple(variable for option in options for variable in variables_of(option)))


def variables_of(option: Any) -> Sequence[str]:
    """The environment variables of a click option."""
    if option.envvar is None:
        return []
    return [option.envvar] if isinstance(option.envvar, str) else list(option.envvar)
