"""Secrets the server hands out and checks: enrolment codes and read tokens.

They are random, of 100 bits and more, and stored as SHA-256, which nobody can search.
"""

import hashlib
import secrets

CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that looks like something else
CODE_CHARACTERS = 20  # 100 bits
CODE_GROUP = 5
TOKEN_PREFIX = "dca_"  # noqa: S105 - a mark by which secret scanners know a token, no secret
MINIMUM_PASSWORD = 10


def new_enrolment_code() -> str:
    """Return a one-time code of 100 random bits in groups that are easy to type: `7K2MQ-X4D0R-…`."""
    text = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_CHARACTERS))
    return "-".join(text[start : start + CODE_GROUP] for start in range(0, CODE_CHARACTERS, CODE_GROUP))


def hash_code(code: str) -> str:
    """Return the hash under which a code is stored, whatever case, dashes and look-alikes it was typed with."""
    typed = "".join(character for character in code.upper() if character.isalnum())
    return digest(typed.translate(str.maketrans("OIL", "011")))


def new_token() -> str:
    """Return a read token of 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return the SHA-256 of a random secret in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()
