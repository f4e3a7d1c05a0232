"""The certificate of the server: told of before it ends, and taken anew without a restart."""

import json
import signal
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance.common.clock import utc_now
from hosting.config import Config
from hosting.server_certificate import ServerCertificate
from tests.children import wait_until
from tests.conftest import StartChild
from tests.hosting.commands.test_cli import hosting, serve
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.test_connections import ask, secured


def write_certificate(folder: Path, *, days: float, name: str = "localhost", key_alone: bool = False) -> tuple[Path, Path]:
    """Write a certificate for so many days and its key, each in one step; return their files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=400))
    builder = builder.not_valid_after(now + timedelta(days=days))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    pem = serialization.Encoding.PEM
    contents = {
        "tls.key": key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        "tls.pem": builder.sign(key, hashes.SHA256()).public_bytes(pem),
    }
    for file, content in contents.items():
        if file == "tls.key" or not key_alone:
            (folder / "new").write_bytes(content)
            (folder / "new").replace(folder / file)
    return folder / "tls.pem", folder / "tls.key"


def shown(port: int) -> bytes:
    """Return the certificate that a new connection is shown."""
    with secured(port) as connection:
        return connection.getpeercert(binary_form=True) or b""


def content(certificate: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(certificate.read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    assert hosting("init", "--data", data).returncode == 0
    return data


def test_it_is_taken_anew_on_a_signal_and_when_its_files_change(start_child: StartChild, folder: Path) -> None:
    certificate, key = write_certificate(folder, days=90)
    child, port = serve(start_child, folder, "--cert", str(certificate), "--key", str(key))
    with secured(port) as kept:
        first = shown(port)
        assert first == content(certificate)
        write_certificate(folder, days=91)
        child.send(signal.SIGHUP)
        wait_until("the new one is shown", lambda: shown(port) == content(certificate))
        write_certificate(folder, days=92, name="later.example")
        wait_until("the next one is shown by itself", lambda: shown(port) == content(certificate))
        assert ask(kept, "/livez") == b"HTTP/1.1 200 OK"
    assert child.running


def test_a_key_that_does_not_fit_leaves_the_one_before_in_use(start_child: StartChild, folder: Path) -> None:
    certificate, key = write_certificate(folder, days=90)
    child, port = serve(start_child, folder, "--cert", str(certificate), "--key", str(key))
    before = shown(port)
    write_certificate(folder, days=91, key_alone=True)
    child.send(signal.SIGHUP)
    child.wait_for("the certificate was not taken anew")
    assert shown(port) == before
    write_certificate(folder, days=92)
    child.send(signal.SIGHUP)
    wait_until("the new one is shown", lambda: shown(port) == content(certificate))


def test_without_one_the_signal_does_no_harm(start_child: StartChild, folder: Path) -> None:
    child, _ = serve(start_child, folder, "--http")
    child.send(signal.SIGHUP)
    child.wait_for("there is no certificate to take anew")
    assert child.running


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningServer]:
    """Yield a server whose certificate ends in 29 days."""
    server = RunningServer(Config(tmp_path), ServerCertificate(*write_certificate(tmp_path, days=29)))
    yield server
    server.stop()


def test_its_end_is_told_in_the_console_and_to_probes(running: RunningServer) -> None:
    certificate = running.services.certificate
    assert certificate is not None
    person = Person(running)
    assert person.log_in().status == 302
    assert "The certificate of this server ends in" in person.get("/sites").text
    assert json.loads(running.request("GET", "/readyz").body)["certificate_expires_at"]
    write_certificate(running.config.folder, days=-1)
    certificate.look_after(utc_now())
    assert "The certificate of this server expired" in person.get("/sites").text
    assert running.request("GET", "/readyz").status == 200, "to take it out of the pool would help nobody"
    write_certificate(running.config.folder, days=31)
    certificate.look_after(utc_now())
    assert "The certificate of this server" not in person.get("/sites").text
    assert running.request("GET", "/readyz").json() == {"ok": True}


def test_its_end_is_told_in_the_log_once_a_day(tmp_path: Path) -> None:
    certificate = ServerCertificate(*write_certificate(tmp_path, days=31))
    now = utc_now()
    with structlog.testing.capture_logs() as lines:
        for hours in (0, 1, 48, 49, 72, 24 * 32):
            certificate.look_after(now + timedelta(hours=hours))
    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("warning", "the certificate ends soon"),
        ("warning", "the certificate ends soon"),
        ("error", "the certificate has expired: sites and browsers refuse it"),
    ]
    assert str(tmp_path) in lines[0]["file"]


def test_the_first_end_of_a_chain_counts(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path, days=90)
    (tmp_path / "other").mkdir()
    issuer, _ = write_certificate(tmp_path / "other", days=10, name="issuer.example")
    certificate.write_bytes(certificate.read_bytes() + issuer.read_bytes())
    assert ServerCertificate(certificate, key).ends_soon(utc_now())
