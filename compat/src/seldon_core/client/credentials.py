"""Credentials of ``SeldonClient``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    import grpc

TOKEN_HEADER = "X-Auth-Token"


@dataclass
class SeldonCallCredentials:
    """A token that each call carries in the header ``X-Auth-Token``."""

    token: str | None = None


@dataclass
class SeldonChannelCredentials:
    """The certificates of TLS connections, files in PEM format."""

    verify: bool = True
    """False accepts every certificate of the server over REST. grpc always verifies it."""
    root_certificates_file: str | None = None
    """The authorities to trust; None for those of the system."""
    private_key_file: str | None = None
    """The key of the client's certificate."""
    certificate_chain_file: str | None = None
    """The client's certificate."""


def tls_context(credentials: SeldonChannelCredentials | None) -> ssl.SSLContext:
    """Return the TLS settings of HTTP connections.

    Raises:
        OSError: a file cannot be read.
        ssl.SSLError: a file is not a certificate or its key.
    """
    import ssl

    chosen = credentials or SeldonChannelCredentials()
    context = ssl.create_default_context(cafile=chosen.root_certificates_file)
    if chosen.certificate_chain_file is not None:
        context.load_cert_chain(chosen.certificate_chain_file, chosen.private_key_file)
    if not chosen.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def grpc_credentials(
    credentials: SeldonChannelCredentials | None, token: str | None
) -> grpc.ChannelCredentials:
    """Return the credentials of a channel, and of its calls if there is a token.

    Raises:
        OSError: a file cannot be read.
    """
    import grpc

    chosen = credentials or SeldonChannelCredentials()
    files = (chosen.root_certificates_file, chosen.private_key_file, chosen.certificate_chain_file)
    roots, key, chain = (None if file is None else Path(file).read_bytes() for file in files)
    channel = grpc.ssl_channel_credentials(roots, key, chain)
    if token is None:
        return channel

    metadata: tuple[tuple[str, str | bytes], ...] = ((TOKEN_HEADER.lower(), token),)

    class Token(grpc.AuthMetadataPlugin):
        """Adds the token to each call."""

        def __call__(self, context: object, callback: grpc.AuthMetadataPluginCallback) -> None:
            callback(metadata, None)

    return grpc.composite_channel_credentials(channel, grpc.metadata_call_credentials(Token()))
