"""The names makers go by. Which names, and which enterprise numbers, stands in the vendor definitions."""

import re
from collections.abc import Iterable

_LEGAL_FORM = re.compile(r"[\s,.]+(?:co|corp|corporation|inc|ltd|company|gmbh|k\.?k)\b.*$", re.IGNORECASE)
_NO_NAME = re.compile(r"(?!)")
_SEPARATOR = re.compile(r"[ _/-]")
"""What stands between the words of a name: devices write "TA_UTAX" and "Konica-Minolta"."""


class Makers:
    """Makers by the names devices give them and by their IANA private enterprise numbers."""

    def __init__(self, brands: Iterable[tuple[str, Iterable[str], Iterable[int]]] = (), rebrands: Iterable[str] = ()) -> None:
        """Take brands: the name as commonly written, other spellings, enterprise numbers. The first of two wins.

        `rebrands` are the names among them under which devices of other makers are sold.
        """
        self._rebrands = frozenset(rebrands)
        self._by_name: dict[str, str] = {}
        self._by_number: dict[int, str] = {}
        for name, aliases, numbers in brands:
            for alias in (name, *aliases):
                self._by_name.setdefault(_key(alias), name)
            for number in numbers:
                self._by_number.setdefault(number, name)
        self._leading = _leading(self._by_name)

    def leading(self, name: str) -> str | None:
        """Return the maker a text begins with, as it is commonly written ("HP" for "Hewlett-Packard LaserJet"), or None."""
        found = self._leading.match(name)
        return self._by_name[_key(found[0])] if found else None

    def knowing(self, maker: str | None) -> "Makers":
        """Return these makers, and one that no definition names."""
        if maker is None or self.leading(maker):
            return self
        found = Makers(rebrands=self._rebrands)
        found._by_name = {_key(maker): maker} | self._by_name
        found._by_number = self._by_number
        found._leading = _leading(found._by_name)
        return found

    def without(self, name: str) -> str:
        """Return `name` without the maker it begins with, also where it is written twice."""
        while (found := self._leading.match(name)) and (rest := name[found.end() :].strip(" _")):
            name = rest
        return name

    def normalised(self, maker: str) -> str:
        """Return a maker's name, as found in IEEE 1284 MFG, as it is commonly written."""
        return self.leading(maker) or _LEGAL_FORM.sub("", maker).strip() or maker

    def of_enterprise(self, number: int) -> str | None:
        """Return the maker that an IANA private enterprise number belongs to, or None."""
        return self._by_number.get(number)

    def is_rebrand(self, name: str) -> bool:
        """Return whether devices of other makers are sold under a name that `leading` has returned."""
        return name in self._rebrands


def _leading(names: Iterable[str]) -> re.Pattern[str]:
    """Return what finds the longest of `names` at the beginning of a text."""
    longest_first = sorted(names, key=len, reverse=True)
    escaped = "|".join(re.escape(alias).replace(r"\ ", _SEPARATOR.pattern) for alias in longest_first)
    return re.compile(rf"(?:{escaped})(?![^\W_]|-)", re.IGNORECASE) if escaped else _NO_NAME


def _key(name: str) -> str:
    return _SEPARATOR.sub(" ", name.lower())
