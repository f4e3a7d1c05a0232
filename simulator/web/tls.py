"""TLS as devices speak it: a certificate of their own making, and versions and ciphers as old as they are."""

import datetime
import os
import ssl
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from simulator.errors import SimulatorError

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_YEARS = datetime.timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """The only `version` that is spoken, empty for all; `ciphers` as OpenSSL writes them; the length of the key in `bits`."""

    version: str = ""
    ciphers: str = "DEFAULT"
    bits: int = 2048


def device_tls(options: TlsOptions) -> ssl.SSLContext:
    """Return the TLS of a device, with a new self-signed certificate. Raises SimulatorError for ciphers that do not exist."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.set_ciphers(f"{options.ciphers}:@SECLEVEL=0")
    except ssl.SSLError as error:
        raise SimulatorError(f"None of the ciphers {options.ciphers!r} is known here. Choose others with --tls-ciphers.") from error
    context.minimum_version = VERSIONS.get(options.version, ssl.TLSVersion.MINIMUM_SUPPORTED)
    context.maximum_version = VERSIONS.get(options.version, ssl.TLSVersion.MAXIMUM_SUPPORTED)
    # OpenSSL takes certificates from files alone; this one is in memory, for the file system may be read-only.
    file = os.memfd_create("device.pem")
    try:
        os.write(file, _self_signed(options.bits))
        context.load_cert_chain(f"/proc/self/fd/{file}")
    finally:
        os.close(file)
    return context


def _self_signed(bits: int) -> bytes:
    """Return a key and its certificate, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "printer.local")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _YEARS)
        .not_valid_after(now + _YEARS)
        .sign(key, hashes.SHA256())
    )
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return encoded + certificate.public_bytes(serialization.Encoding.PEM)
