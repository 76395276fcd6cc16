"""TLS and mutual TLS of the server."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc

from seldon_runtime.errors import StartupError
from seldon_runtime.settings import Settings


def credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """What the settings ask for; None for plain text.

    Raises:
        StartupError: a file is missing or holds something else, or one is named without the other.
    """
    certificate, key = settings["grpc_tls_cert"], settings["grpc_tls_key"]
    client_ca = settings["grpc_tls_client_ca"]
    if certificate is None and key is None:
        if client_ca is not None:
            raise StartupError("--grpc-tls-client-ca is given without --grpc-tls-cert and --grpc-tls-key")
        return None
    if certificate is None or key is None:
        missing = "--grpc-tls-key" if key is None else "--grpc-tls-cert"
        raise StartupError(f"TLS needs a certificate and its key, but {missing} is missing")
    _check(certificate, key, client_ca)
    return grpc.ssl_server_credentials(
        [(Path(key).read_bytes(), Path(certificate).read_bytes())],
        root_certificates=None if client_ca is None else Path(client_ca).read_bytes(),
        require_client_auth=client_ca is not None,
    )


def _check(certificate: str, key: str, client_ca: str | None) -> None:
    """grpc itself only says that it cannot listen."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        raise StartupError(
            f"--grpc-tls-cert {certificate} and --grpc-tls-key {key} cannot be used: {error}"
        ) from error
    if client_ca is not None:
        try:
            context.load_verify_locations(client_ca)
        except OSError as error:
            raise StartupError(f"--grpc-tls-client-ca {client_ca} cannot be used: {error}") from error
