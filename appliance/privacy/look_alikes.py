"""Texts as they are searched: digits, dots, hyphens, colons and spaces of other alphabets stand as those of ASCII. Pure.

A panel may write an address with full-width digits, a phone number with non-breaking hyphens, or put between them what nobody sees.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

_ALIKE = {
    **dict.fromkeys("\u3002\u2024\u00b7\u2027\u2219\u22c5\u2022\u30fb\u06d4\u066b\u0702\u16eb", "."),
    **dict.fromkeys("\u2212\u2043\u02d7\u207b\u208b\u2796", "-"),
    **dict.fromkeys("\u2236\ua789\u02d0\u02f8\u05c3\u0589\ufe30", ":"),
    **dict.fromkeys("\u2044\u2215", "/"),
    **dict.fromkeys("\t\n\r\v\f", " "),
}
"""What Unicode itself does not call the same (NFKC) and yet looks so."""
_MOST_KNOWN = 4096
_UNSEEN = frozenset(("Mn", "Me", "Cf", "Cc"))
"""Categories of marks that stand on or between characters: soft hyphens, joiners, controls."""


class Searched:
    """A text as it is searched, and where each of its characters stands in the text itself; None: in the same place."""

    __slots__ = ("_places", "lowered", "text")

    def __init__(self, text: str, places: tuple[int, ...] | None = None) -> None:
        self.text = text
        self._places = places
        self.lowered = text.lower()
        """The text in small letters, each in its place."""
        if len(self.lowered) != len(text):
            self.lowered = "".join(small if len(small := character.lower()) == 1 else character for character in text)

    def span(self, begin: int, end: int) -> tuple[int, int]:
        """Return where what was found between `begin` and `end` stands in the text itself."""
        if self._places is None:
            return begin, end
        return self._places[begin], self._places[end - 1] + 1


class Replacement(NamedTuple):
    """What is to stand between two places of a text as it is searched."""

    begin: int
    end: int
    text: str


class _Plain(dict[int, str]):
    """What stands for each character, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        plain = "".join(_plain_one(one) for one in unicodedata.normalize("NFKC", character))
        if len(self) < _MOST_KNOWN:
            self[code] = plain
        return plain


_PLAIN = _Plain()


@lru_cache(maxsize=256)
def searched(text: str) -> Searched:
    """Return the text as it is searched."""
    if text.isascii() and text.isprintable():
        return Searched(text)
    forms = [_PLAIN[ord(character)] for character in text]
    plain = "".join(forms)
    if all(len(form) == 1 for form in forms):
        return Searched(plain)
    return Searched(plain, tuple(place for place, form in enumerate(forms) for _ in form))


def _plain_one(character: str) -> str:
    if character in _ALIKE:
        return _ALIKE[character]
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category == "Pd":
        return "-"
    if category.startswith("Z"):
        return " "
    return "" if category in _UNSEEN else character


def replace_found(text: str, pattern: re.Pattern[str], change: Callable[[re.Match[str]], Replacement | None]) -> str:
    """Return `text` with what `change` says in place of what `pattern` finds in it as it is searched; None: it stays."""
    found = [replacement for match in pattern.finditer(searched(text).text) if (replacement := change(match))]
    return replaced(text, found) if found else text


def replaced(text: str, replacements: Iterable[Replacement]) -> str:
    """Return `text` with these replacements, which are in order; one that overlaps the one before is left out."""
    found = list(replacements)
    if not found:
        return text
    seen = searched(text)
    pieces: list[str] = []
    last = 0
    for replacement in found:
        begin, end = seen.span(replacement.begin, replacement.end)
        if begin >= last:
            pieces += [text[last:begin], replacement.text]
            last = end
    return "".join([*pieces, text[last:]])
