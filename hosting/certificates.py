"""A private certificate authority and the server's own certificate, for sites without a public one. ECDSA P-256."""

import ipaddress
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.common.files import write_atomic
from hosting.errors import ConfigurationError

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397  # what browsers accept at most
RENEW_BEFORE = timedelta(days=30)
ALWAYS_NAMED = ("localhost", "127.0.0.1", "::1")
_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:\*\.)?(?:{_LABEL}\.)*(?!\d+\Z){_LABEL}")
"""A name of DNS (RFC 1123), also for all names of a domain; its last part is no number, for then it is meant as an address."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where the files of the private authority stand in the data folder."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The authority's certificate: what sites and browsers are to trust."""
        return self.folder / "ca.pem"

    @property
    def authority_key(self) -> Path:
        """The authority's private key."""
        return self.folder / "ca.key"

    @property
    def server(self) -> Path:
        """The server's certificate."""
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        """The server's private key."""
        return self.folder / "server.key"


def make_authority(files: CertificateFiles) -> bool:
    """Make the authority; false when there is one."""
    if files.authority.exists() and files.authority_key.exists():
        return False
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"DCA hosting private CA {x509.random_serial_number() % 10**8:08d}")])
    builder = _builder(name, name, key.public_key(), AUTHORITY_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(authority=True), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    write_atomic(files.authority_key, _private_pem(key), mode=0o600)
    write_atomic(files.authority, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), mode=0o644)
    return True


def make_server_certificate(files: CertificateFiles, names: Sequence[str]) -> bool:
    """Make the server's certificate for `names` and the loopback names; false when there is one."""
    if _has_server_certificate(files):
        return False
    _issue(files, [_general_name(name) for name in dict.fromkeys((*names, *ALWAYS_NAMED))])
    return True


def require_names(files: CertificateFiles, names: Sequence[str]) -> None:
    """Raise ConfigurationError unless `names` are such as a certificate can have, and a certificate that is there has them."""
    wanted = [_general_name(name) for name in names]
    if not wanted or not _has_server_certificate(files):
        return
    found = _names(files.server)
    missing = ", ".join(str(name.value) for name in wanted if name not in found)
    if missing:
        raise ConfigurationError(
            f"{files.server} is there already and is not for {missing}. To change its names, remove it and {files.server_key}, "
            "then give each name again with --name: sites and browsers go on trusting it, since the authority stays the same."
        )


def _has_server_certificate(files: CertificateFiles) -> bool:
    return files.server.exists() and files.server_key.exists()


def renew_when_due(files: CertificateFiles) -> bool:
    """Issue the server's certificate again, for the same names, when it ends within a month and the authority is here."""
    if not all(path.exists() for path in (files.server, files.server_key, files.authority, files.authority_key)):
        return False
    try:
        old = x509.load_pem_x509_certificate(files.server.read_bytes())
        names = list(old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except (ValueError, x509.ExtensionNotFound):
        return False  # not one of ours; loading it will tell what is wrong with it
    if old.not_valid_after_utc > datetime.now(UTC) + RENEW_BEFORE:
        return False
    _issue(files, names)
    return True


def names_in(certificate: Path) -> list[str]:
    """Return the host names that a certificate is for, none where it cannot be read."""
    return [str(name.value) for name in _names(certificate) if isinstance(name, x509.DNSName)]


def _names(certificate: Path) -> list[x509.GeneralName]:
    try:
        extensions = x509.load_pem_x509_certificate(certificate.read_bytes()).extensions
        return list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except (OSError, ValueError, x509.ExtensionNotFound):
        return []


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return the TLS context of the server. Raises ConfigurationError naming the file that cannot be used."""
    for path in (certificate, key):
        try:
            path.open("rb").close()
        except OSError as error:
            raise ConfigurationError(
                f"The file {path} cannot be read: {error.strerror}. Name another with --cert and --key."
            ) from error
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # An empty password instead of a prompt for one on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        advice = "Give a PEM certificate chain and the unencrypted PEM key that belongs to it."
        raise ConfigurationError(f"{certificate} and {key} cannot be used as the server's certificate and key. {advice}") from error
    return context


def _issue(files: CertificateFiles, names: Sequence[x509.GeneralName]) -> None:
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    authority_key = serialization.load_pem_private_key(files.authority_key.read_bytes(), None)
    if not isinstance(authority_key, ec.EllipticCurvePrivateKey):
        raise ConfigurationError(f"{files.authority_key} is no key this server made. Restore it from a backup.")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(names[0].value)[:64])])
    builder = _builder(subject, authority.subject, key.public_key(), SERVER_DAYS)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(authority=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    signed = builder.add_extension(issuer, critical=False).sign(authority_key, hashes.SHA256())
    write_atomic(files.server_key, _private_pem(key), mode=0o600)
    write_atomic(files.server, signed.public_bytes(serialization.Encoding.PEM), mode=0o644)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    # An hour back: the clock of a site may be a little behind.
    return builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=days))


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    if not _HOST_NAME.fullmatch(name):
        raise ConfigurationError(f"--name {name!r} is no host name and no address, as hosting.example.com and 192.0.2.7 are.")
    return x509.DNSName(name)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
