"""TLS to nodes that run elsewhere: the authorities to trust, and the certificate to present."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seldon_runtime.plugin import StartupError

CA, CERT, KEY = "--graph-tls-ca", "--graph-tls-cert", "--graph-tls-key"


@dataclass(frozen=True, slots=True)
class ClientTls:
    """The contents of the files, which were checked."""

    authorities: bytes | None
    """PEM; None for the authorities of the system."""
    certificate: bytes | None
    key: bytes | None
    context: ssl.SSLContext
    """The context for connections, with all of these."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> ClientTls:
        """Return what the options name.

        Raises:
            StartupError: an option is missing, or a file cannot be used.
        """
        ca, certificate, key = settings["graph_tls_ca"], settings["graph_tls_cert"], settings["graph_tls_key"]
        if (certificate is None) != (key is None):
            missing = KEY if key is None else CERT
            raise StartupError(f"a certificate needs its key, but {missing} is missing")
        try:
            context = ssl.create_default_context(cafile=ca)
        except (OSError, ValueError) as error:
            raise StartupError(f"{CA} {ca} cannot be used: {error}") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            if certificate is not None:
                context.load_cert_chain(certificate, key, password=_no_password)
        except (OSError, ValueError) as error:
            raise StartupError(f"{CERT} {certificate} and {KEY} {key} cannot be used: {error}") from None
        return cls(_content(ca), _content(certificate), _content(key), context)


def _content(file: str | None) -> bytes | None:
    return None if file is None else Path(file).read_bytes()


def _no_password() -> str:
    raise ValueError("the key has a password, expected a key without one")
