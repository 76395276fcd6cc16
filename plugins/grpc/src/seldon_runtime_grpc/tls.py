"""TLS and mutual TLS of the server, with certificates that can be renewed."""

from __future__ import annotations

import grpc

from seldon_runtime.plugin import ServerTls


def server_credentials(tls: ServerTls) -> grpc.ServerCredentials:
    """Return credentials that take the newest certificate for each handshake."""
    used = tls.contents()

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        """Return the configuration if the files have changed, else None. grpcio's threads call it."""
        nonlocal used
        newest = tls.contents()
        if newest == used:
            return None
        used = newest
        return _configuration(newest)

    return grpc.dynamic_ssl_server_credentials(
        _configuration(used),
        renewed,  # type: ignore[arg-type]  # grpcio documents None for no change
        require_client_authentication=tls.requires_client_certificate,
    )


def _configuration(contents: tuple[bytes, bytes, bytes | None]) -> grpc.ServerCertificateConfiguration:
    certificate, key, authorities = contents
    return grpc.ssl_server_certificate_configuration([(key, certificate)], root_certificates=authorities)
