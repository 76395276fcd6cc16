"""TLS of a transport: certificate files, their renewal without a restart, and warnings before they expire."""

from __future__ import annotations

import logging
import os
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seldon_runtime.errors import StartupError

logger = logging.getLogger(__name__)

_DAY_S = 86_400.0
_CHECK_S = 3600.0
"""How often the expiry is checked; a warning comes once a day at most."""
_LOOK_S = 1.0
"""How often a connection may cause a look at the files."""
_HANDSHAKE_STEPS = 10


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The PEM files of a server."""

    certificate: str
    key: str
    client_ca: str | None
    prefix: str
    """The prefix of the options that name the files, such as ``--http-tls``."""

    @classmethod
    def of(cls, settings: Mapping[str, Any], prefix: str) -> TlsFiles | None:
        """Return the files that the options ``PREFIX-cert``, ``-key`` and ``-client-ca`` name.

        Args:
            settings: the settings of the process.
            prefix: such as ``--http-tls``.

        Returns:
            None if the options are not set: plain text.

        Raises:
            StartupError: an option is missing, or a file is not a valid certificate or key.
        """
        name = prefix.removeprefix("--").replace("-", "_")
        certificate, key, client_ca = (
            settings.get(f"{name}_{file}") for file in ("cert", "key", "client_ca")
        )
        if certificate is None and key is None:
            if client_ca is not None:
                raise StartupError(f"{prefix}-client-ca needs {prefix}-cert and {prefix}-key too")
            return None
        if certificate is None or key is None:
            missing = f"{prefix}-key" if key is None else f"{prefix}-cert"
            raise StartupError(f"TLS needs a certificate and its key, but {missing} is missing")
        files = cls(certificate, key, client_ca, prefix)
        files.context()
        return files

    def context(self) -> ssl.SSLContext:
        """Return a new server context with these files.

        Raises:
            StartupError: a file cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            for path in (self.certificate, self.key):  # OpenSSL would not say which of them is missing
                Path(path).read_bytes()
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (OSError, ValueError) as error:
            pair = f"{self.prefix}-cert {self.certificate} and {self.prefix}-key {self.key}"
            raise StartupError(f"{pair} cannot be used: {error}") from None
        if self.client_ca is not None:
            try:
                context.load_verify_locations(self.client_ca)
            except (OSError, ValueError) as error:
                raise StartupError(
                    f"{self.prefix}-client-ca {self.client_ca} cannot be used: {error}"
                ) from None
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def contents(self) -> tuple[bytes, bytes, bytes | None]:
        """Return the bytes of certificate, key and client authorities; None without authorities."""
        authorities = None if self.client_ca is None else Path(self.client_ca).read_bytes()
        return Path(self.certificate).read_bytes(), Path(self.key).read_bytes(), authorities

    def state(self) -> tuple[object, ...]:
        """Return a value that changes when a file changes, also through a link, as in Kubernetes.

        A file that comes, goes, or changes its permissions changes it, too.
        """
        return tuple(
            _state(path) for path in (self.certificate, self.key, self.client_ca) if path is not None
        )

    def expires_at(self) -> float | None:
        """Return when the certificate expires, in seconds since 1970; None when it cannot be read.

        For an expired certificate it is 0. A handshake in memory reads it: the standard library has no
        other public way to read a server's own certificate.
        """
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(self.certificate, self.key, password=_no_password)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        client.load_verify_locations(self.certificate)
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        sides = (
            client.wrap_bio(to_client, to_server),
            server.wrap_bio(to_server, to_client, server_side=True),
        )
        for _ in range(_HANDSHAKE_STEPS):
            for side in sides:
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
                except ssl.SSLCertVerificationError as error:
                    return 0.0 if error.verify_code == _EXPIRED else None
        certificate = sides[0].getpeercert()
        if not certificate or "notAfter" not in certificate:
            return None
        return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))


_EXPIRED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL."""


class ServerTls:
    """The newest usable certificate of a transport. Thread-safe.

    Ask it at each handshake: it looks at the files once a second at most. While renewed files do not fit
    each other, the last usable ones stay, with an error in the log. A thread warns before the expiry.

    Args:
        files: the certificate's files.
        warning_days: how many days before the expiry the warnings begin; 0: never.
    """

    def __init__(self, files: TlsFiles, warning_days: float) -> None:
        self._files = files
        self._warning_s = warning_days * _DAY_S
        self._lock = threading.Lock()
        self._state = files.state()
        self._context = files.context()
        self._contents = files.contents()
        self._looked_at = time.monotonic()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any], prefix: str) -> ServerTls | None:
        """Return the TLS of the transport whose options have this prefix; None for plain text.

        Raises:
            StartupError: an option is missing, or a file is not a valid certificate or key.
        """
        files = TlsFiles.of(settings, prefix)
        if files is None:
            return None
        try:
            return cls(files, settings.get("tls_warning_days", 14.0))
        except OSError as error:
            raise StartupError(f"the files of {prefix}-cert cannot be read: {error}") from None

    @property
    def requires_client_certificate(self) -> bool:
        """True if clients must have a certificate."""
        return self._files.client_ca is not None

    def context(self) -> ssl.SSLContext:
        """Return the context for the next handshake. Reads files that have changed."""
        with self._lock:
            self._look()
            return self._context

    def contents(self) -> tuple[bytes, bytes, bytes | None]:
        """Return certificate, key and authorities as PEM, for servers that take no context."""
        with self._lock:
            self._look()
            return self._contents

    def start(self) -> None:
        """Start the thread that warns before the certificate expires."""
        if self._warning_s and self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="tls-expiry", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < _LOOK_S:
            return
        self._looked_at = now
        state = self._files.state()
        if state == self._state:
            return
        self._state = state
        try:
            context, contents = self._files.context(), self._files.contents()
        except (OSError, StartupError) as error:
            logger.error("the renewed certificate is not used, the earlier one stays: %s", error)
            return
        self._context, self._contents = context, contents
        logger.info("%s %s was renewed", f"{self._files.prefix}-cert", self._files.certificate)

    def _watch(self) -> None:
        told_at = -_DAY_S
        told_state: object = None
        while True:
            now = time.monotonic()
            with self._lock:
                self._look()
                state = self._state
            is_due = now - told_at >= _DAY_S or state != told_state
            if is_due and self._warn():
                told_at, told_state = now, state
            if self._stopped.wait(_CHECK_S):
                return

    def _warn(self) -> bool:
        """Log a warning if the certificate expires soon; return whether it does."""
        try:
            expires_at = self._files.expires_at()
        except (OSError, ValueError) as error:
            logger.warning("cannot read when %s expires: %s", self._files.certificate, error)
            return True
        if expires_at is None or expires_at - time.time() > self._warning_s:
            return False
        name = f"{self._files.prefix}-cert {self._files.certificate}"
        left_s = expires_at - time.time()
        if left_s <= 0:
            logger.error("%s has expired: clients refuse it. Renew the file; a restart is not needed", name)
        else:
            logger.warning(
                "%s expires in %.1f days, at %s UTC. Renew the file; a restart is not needed",
                name,
                left_s / _DAY_S,
                time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(expires_at)),
            )
        return True


def _state(path: str) -> tuple[object, ...]:
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        return type(error), str(error)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode


def _no_password() -> str:
    """Refuse a key with a password: OpenSSL would ask for it on the terminal."""
    raise ValueError("the key has a password, expected a key without one")
