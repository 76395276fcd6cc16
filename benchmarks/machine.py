"""Facts about the machine and the libraries of a run."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

_LIBRARIES = (
    *("seldon-runtime", "seldon-runtime-rest", "seldon-runtime-grpc", "seldon-runtime-metrics"),
    *("numpy", "orjson", "msgspec", "uvicorn", "uvloop", "httptools", "grpcio", "protobuf"),
)


def facts() -> dict[str, str]:
    """Return the facts, by name."""
    return {
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _output("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"),
        "processor": _processor(),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}, {_distribution()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES if _version(name)),
        "load": ", ".join(filter(None, (_first_line("wrk", "-v"), _first_line("h2load", "--version")))),
    }


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", text)
    return f"{model[1] if model else platform.machine()}, {len(os.sched_getaffinity(0))} of them"


def _distribution() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", "")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _first_line(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return ""
    return " ".join(_output(*command).split("\n")[0].split()[:2])


def _output(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True)  # wrk -v exits with status 1
    return ended.stdout.strip()
