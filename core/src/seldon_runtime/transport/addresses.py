"""Addresses as text: in logs, messages and URLs."""

from __future__ import annotations


def url_host(host: str) -> str:
    """Return a host for use in a URL: an IPv6 address in brackets.

    >>> url_host("::1"), url_host("127.0.0.1")
    ('[::1]', '127.0.0.1')
    """
    return f"[{host}]" if ":" in host else host
