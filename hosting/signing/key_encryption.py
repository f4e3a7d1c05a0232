"""A private key in a file that only its passphrase opens: PKCS #8 (RFC 5958) with PBES2, scrypt (RFC 7914) and AES-256.

The library that opens such files has no way to write them: what it calls best has 2,048 rounds of PBKDF2, too few for a file that
a thief can try at leisure. So the few bytes around what it encrypts are written here. `openssl pkey` opens them as well.
"""

import base64
import os
import textwrap

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

COST, BLOCK, PARALLEL = 1 << 14, 8, 5
"""Of scrypt, as OWASP has it beside 2^17, 8, 1: five times 16 MiB, which OpenSSL takes without being told to."""
KEY_BYTES = 32

PBES2, SCRYPT, AES_256_CBC = (bytes.fromhex(text) for text in ("2a864886f70d01050d", "2b06010401da47040b", "60864801650304012a"))
INTEGER, OCTETS, OBJECT, SEQUENCE = 0x02, 0x04, 0x06, 0x30


def encrypted(key: PrivateKeyTypes, passphrase: str) -> bytes:
    """Return the key as PEM that only the passphrase opens."""
    salt, vector = os.urandom(16), os.urandom(16)
    derived = Scrypt(salt, KEY_BYTES, COST, BLOCK, PARALLEL).derive(passphrase.encode())
    padder, cipher = PKCS7(128).padder(), Cipher(algorithms.AES(derived), modes.CBC(vector)).encryptor()
    plain = padder.update(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())) + padder.finalize()
    numbers = (_number(value) for value in (COST, BLOCK, PARALLEL, KEY_BYTES))
    stretching = _part(SEQUENCE, _part(OBJECT, SCRYPT), _part(SEQUENCE, _part(OCTETS, salt), *numbers))
    encryption = _part(SEQUENCE, _part(OBJECT, AES_256_CBC), _part(OCTETS, vector))
    algorithm = _part(SEQUENCE, _part(OBJECT, PBES2), _part(SEQUENCE, stretching, encryption))
    return _pem(_part(SEQUENCE, algorithm, _part(OCTETS, cipher.update(plain) + cipher.finalize())))


def _part(tag: int, *contents: bytes) -> bytes:
    """Return one value of DER (X.690)."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def _number(value: int) -> bytes:
    return _part(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def _pem(content: bytes) -> bytes:
    label = "ENCRYPTED PRIVATE KEY"
    lines = textwrap.wrap(base64.b64encode(content).decode(), 64)
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()
