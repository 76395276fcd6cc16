"""Certificates of transports: their files, their renewal and their expiry."""

from __future__ import annotations

import datetime
import logging
import ssl
import time

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.settings.values import Settings
from seldon_runtime.testing import wait_until
from seldon_runtime.transport import tls
from seldon_runtime.transport.tls import ServerTls, TlsFiles

trustme = pytest.importorskip("trustme")


class Folder:
    """The files of a server's certificate, which tests renew."""

    def __init__(self, path):
        self.authority = trustme.CA()
        self.cert, self.key, self.ca = path / "cert.pem", path / "key.pem", path / "ca.pem"
        self.authority.cert_pem.write_to_path(self.ca)
        self.renew()

    def renew(self, days=365.0):
        now = datetime.datetime.now(datetime.UTC)
        issued = self.authority.issue_cert("localhost", not_after=now + datetime.timedelta(days=days))
        self.key.write_bytes(issued.private_key_pem.bytes())
        self.cert.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))

    def settings(self, **changed):
        given = {"x_tls_cert": str(self.cert), "x_tls_key": str(self.key), "x_tls_client_ca": None}
        return Settings({**given, **changed})

    def files(self):
        return TlsFiles.of(self.settings(), "--x-tls")


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture
def server_tls(folder, monkeypatch):
    monkeypatch.setattr(tls, "_LOOK_S", 0.0)
    made = []

    def server_tls(warning_days=14.0, **changed):
        made.append(ServerTls.of(folder.settings(tls_warning_days=warning_days, **changed), "--x-tls"))
        made[-1].start()
        return made[-1]

    yield server_tls
    for one in made:
        one.stop()


def test_without_options_there_is_no_tls(folder):
    assert ServerTls.of(folder.settings(x_tls_cert=None, x_tls_key=None), "--x-tls") is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x_tls_key": None}, "--x-tls-key is missing"),
        ({"x_tls_cert": None}, "--x-tls-cert is missing"),
        (
            {"x_tls_cert": None, "x_tls_key": None, "x_tls_client_ca": "x"},
            "--x-tls-client-ca needs --x-tls-cert",
        ),
        ({"x_tls_cert": "nowhere.pem"}, "--x-tls-cert nowhere.pem .* cannot be used"),
        ({"x_tls_client_ca": "nowhere.pem"}, "--x-tls-client-ca nowhere.pem cannot be used"),
    ],
)
def test_files_that_cannot_be_used_stop_the_start(folder, changed, message):
    with pytest.raises(StartupError, match=message):
        ServerTls.of(folder.settings(**changed), "--x-tls")


def test_a_key_of_another_certificate_stops_the_start(folder):
    folder.key.write_bytes(folder.authority.issue_cert("x").private_key_pem.bytes())
    with pytest.raises(StartupError, match="cannot be used"):
        ServerTls.of(folder.settings(), "--x-tls")


def test_a_wrong_file_stops_the_start_without_a_traceback(folder, tmp_path):
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    empty, locked = tmp_path / "empty.pem", tmp_path / "locked.pem"
    empty.touch()
    key = serialization.load_pem_private_key(folder.key.read_bytes(), None)
    encryption = serialization.BestAvailableEncryption(b"sesame")
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    locked.write_bytes(key.private_bytes(*form))
    for changed, says in (
        ({"x_tls_key": str(folder.ca)}, "--x-tls-key .*ca.pem cannot be used: "),
        ({"x_tls_key": str(locked)}, "--x-tls-key .* the key has a password, expected a key without one"),
        ({"x_tls_key": str(tmp_path)}, "--x-tls-key .* Is a directory: "),
        ({"x_tls_key": "nowhere.pem"}, "No such file or directory: 'nowhere.pem'"),
        ({"x_tls_cert": str(empty)}, "--x-tls-cert .*empty.pem .* cannot be used: "),
        ({"x_tls_client_ca": str(empty)}, "--x-tls-client-ca .*empty.pem cannot be used: "),
        ({"x_tls_client_ca": str(tmp_path)}, "--x-tls-client-ca .* cannot be used: "),
    ):
        with pytest.raises(StartupError, match=says) as caught:
            ServerTls.of(folder.settings(**changed), "--x-tls")
        assert caught.value.__cause__ is None


def test_a_renewed_certificate_is_used_for_the_next_handshake(folder, server_tls):
    served = server_tls()
    first = served.context()
    assert served.context() is first
    folder.renew()
    assert served.context() is not first
    assert served.contents()[0] == folder.cert.read_bytes()


def test_files_that_do_not_fit_each_other_change_nothing(folder, server_tls, caplog):
    served = server_tls()
    first, key = served.context(), folder.key.read_bytes()
    folder.renew()
    new_key = folder.key.read_bytes()
    folder.key.write_bytes(key)
    assert served.context() is first
    assert "the earlier one stays" in caplog.text
    folder.key.write_bytes(new_key)
    assert served.context() is not first


def test_a_file_that_is_missing_is_logged_once_with_its_option(folder, server_tls, caplog):
    served = server_tls(x_tls_client_ca=str(folder.ca))
    first = served.context()
    for file, option in ((folder.key, "--x-tls-key"), (folder.ca, "--x-tls-client-ca")):
        away = file.rename(file.with_name("away"))
        caplog.clear()
        for _ in range(3):
            assert served.context() is first
        (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert f"{option} {file} cannot be used: [Errno 2] No such file" in record.getMessage()
        away.rename(file)
        assert served.context() is not first
        first = served.context()


def test_permissions_that_change_cause_a_new_look(folder):
    before = folder.files().state()
    folder.key.chmod(0o400)
    assert folder.files().state() != before


def test_client_certificates_are_required_with_an_authority(folder, server_tls):
    assert not server_tls().requires_client_certificate
    served = server_tls(x_tls_client_ca=str(folder.ca))
    assert served.requires_client_certificate
    assert served.context().verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("days", [0.5, 400.0])
def test_the_expiry_is_read(folder, days):
    folder.renew(days)
    assert folder.files().expires_at() == pytest.approx(time.time() + days * 86400, abs=60)


def test_an_expired_certificate_is_recognized(folder):
    folder.renew(-1.0)
    assert folder.files().expires_at() == 0.0


@pytest.mark.parametrize(
    ("days", "level", "text"),
    [(3.0, logging.WARNING, "expires in 3.0 days"), (-1.0, logging.ERROR, "has expired")],
)
def test_a_warning_comes_before_the_expiry(folder, server_tls, caplog, days, level, text):
    folder.renew(days)
    server_tls()
    wait_until(lambda: text in caplog.text, "the warning")
    assert {record.levelno for record in caplog.records if text in record.getMessage()} == {level}


@pytest.mark.parametrize(("days", "warning_days"), [(30.0, 14.0), (3.0, 0.0), (3.0, 1.0)])
def test_no_warning_comes_early(folder, server_tls, caplog, days, warning_days):
    folder.renew(days)
    server_tls(warning_days).stop()  # the first check comes before the end
    assert "expires" not in caplog.text
