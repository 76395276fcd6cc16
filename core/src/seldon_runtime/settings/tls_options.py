"""The options of a transport's certificate: the same for each transport, below its own prefix."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime.settings.values import Option, option


def tls_options(prefix: str) -> Sequence[Option]:
    """Return the options of a certificate, its key and the authorities of clients.

    ``ServerTls.of(settings, prefix)`` reads their values.

    Args:
        prefix: such as ``--http-tls``, for ``--http-tls-cert`` and ``SELDON_HTTP_TLS_CERT``.
    """
    helps = {
        "cert": "PEM file of the server's certificate chain. With it, the server accepts TLS only.",
        "key": "PEM file of the certificate's key.",
        "client-ca": "PEM file of the authorities that sign the certificates which clients must present.",
    }
    return [_file(f"{prefix}-{name}", text) for name, text in helps.items()]


def _file(flag: str, text: str) -> Option:
    variable = f"SELDON_{flag.removeprefix('--').replace('-', '_').upper()}"
    return option(flag, envvar=variable, type=click.Path(), help=text)
