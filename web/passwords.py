"""Passwords, which people choose: stored as argon2id, whose every guess costs time and memory."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type


class Passwords:
    """argon2id with the memory OWASP asks for (19 MiB, 2 passes). Each call takes some 30 ms and more: never on the event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
        # Compared when the account does not exist, so that an answer takes as long as for one that does.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """Return the hash to store."""
        return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Return whether `password` is the one stored; None stands for an account that does not exist."""
        try:
            self._hasher.verify(stored or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with parameters of a former version."""
        return self._hasher.check_needs_rehash(stored)
