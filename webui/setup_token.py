"""The one-time token of the first-run setup: whoever can read the log of the appliance may claim it, and nobody else."""

import secrets

TOKEN_BYTES = 16


class SetupToken:
    """A token of 128 random bits, made at each start and good until the first account exists."""

    def __init__(self) -> None:
        self._digits = secrets.token_hex(TOKEN_BYTES)

    def text(self) -> str:
        """Return the token for the log, in groups that are easy to compare."""
        return "-".join(self._digits[start : start + 8] for start in range(0, len(self._digits), 8))

    def matches(self, typed: str) -> bool:
        """Whether `typed` is the token; case, spaces and dashes do not matter."""
        digits = "".join(character for character in typed.lower() if character.isalnum())
        return secrets.compare_digest(digits.encode(), self._digits.encode())
