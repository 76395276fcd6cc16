"""The target of a request: its path and its query (RFC 9112, section 3.2)."""

from __future__ import annotations

import re

import httptools

_SLASHES = re.compile("/{2,}")


def merged_slashes(path: str) -> str:
    """Return a path whose repeated slashes are one each.

    Base addresses that end with a slash, and ingresses that rewrite paths, repeat them.
    """
    return _SLASHES.sub("/", path) if "//" in path else path


def parts_of(target: bytes) -> tuple[str, str]:
    """Return the raw path and the query of a target; raise ValueError when it has no path."""
    try:
        url = httptools.parse_url(target)
        if url.path is None:
            raise ValueError("no path")
        return url.path.decode("ascii"), (url.query or b"").decode("ascii")
    except (httptools.HttpParserInvalidURLError, ValueError) as error:
        raise ValueError(f"the target of the request is {target!r:.80}, expected a path") from error
