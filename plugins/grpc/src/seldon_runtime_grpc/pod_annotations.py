"""The annotations of the pod, which Kubernetes writes into a file of a downward API volume."""

from __future__ import annotations

import json
from pathlib import Path

from seldon_runtime.plugin import StartupError

PATH = Path("/etc/podinfo/annotations")
MAX_MESSAGE_BYTES = "seldon.io/grpc-max-message-size"


def read() -> dict[str, str]:
    """Return the annotations, read from lines such as ``key="value"``; ``{}`` without the file."""
    try:
        lines = PATH.read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    annotations = {}
    for line in lines:
        key, separator, value = line.partition("=")
        if separator:
            annotations[key.strip()] = _unquoted(value.strip())
    return annotations


def max_message_bytes() -> int | None:
    """Return the largest message that the pod's annotation allows; None without it.

    Raises:
        StartupError: the annotation is not a number of bytes.
    """
    text = read().get(MAX_MESSAGE_BYTES)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 10 or not 0 < int(text) < 2**31:
        raise StartupError(
            f"the annotation {MAX_MESSAGE_BYTES} in {PATH} is {text!r:.80}, expected a number of bytes"
        )
    return int(text)


def _unquoted(value: str) -> str:
    try:
        return str(json.loads(value)) if value.startswith('"') else value
    except ValueError:
        return value.strip('"')
