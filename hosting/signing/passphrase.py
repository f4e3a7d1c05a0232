"""Whether a passphrase is fit to guard a key that a thief may try to open for years. Pure.

Length counts most (NIST SP 800-63B): 12 characters at least, and what is only long is refused: a part that is repeated, characters
in the order of the alphabet, the digits or the keyboard, and words that stand in every list.
"""

import unicodedata
from itertools import pairwise

from hosting.errors import RepositoryError

MINIMUM = 12
UNEXPECTED = 6
"""So many characters have to differ, and so many have to follow another than the one before would make one expect."""
ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "azertyuiop")
KNOWN = ("correct horse battery staple", "passphrase", "password", "passwort", "letmein", "changeme", "welcome", "secret", "admin")

_NEIGHBOURS = {pair for row in ROWS for text in (row, row[::-1]) for pair in pairwise(text)}


def require_strong(passphrase: str) -> None:
    """Raise RepositoryError for a passphrase that is short or trivial."""
    if len(passphrase) < MINIMUM:
        raise RepositoryError(f"The passphrase is shorter than {MINIMUM} characters. Choose a longer one, such as five words.")
    if _is_trivial(unicodedata.normalize("NFKC", passphrase).lower()):
        raise RepositoryError(
            "The passphrase is easy to guess: it repeats itself, follows the alphabet or the keyboard, or is in every list. "
            "Choose another, such as five words that have nothing to do with each other."
        )


def _is_trivial(text: str) -> bool:
    for word in KNOWN:
        text = text.replace(word, "")
    text = _unit(text)
    unexpected = sum(one != other and (one, other) not in _NEIGHBOURS for one, other in pairwise(text))
    return len(set(text)) < UNEXPECTED or unexpected < UNEXPECTED


def _unit(text: str) -> str:
    """Return what a text repeats, itself when it repeats nothing."""
    for size in range(1, len(text) // 2 + 1):
        if all(one == other for one, other in zip(text, text[size:], strict=False)):
            return text[:size]
    return text
