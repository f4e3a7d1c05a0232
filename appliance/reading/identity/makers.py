"""The names makers go by. Which names, and which enterprise numbers, stands in the vendor definitions."""

import re
from collections.abc import Iterable

_LEGAL_FORM = re.compile(r"[\s,.]+(?:co|corp|corporation|inc|ltd|company|gmbh|k\.?k)\b.*$", re.IGNORECASE)
_NO_NAME = re.compile(r"(?!)")


class Makers:
    """Makers by the names devices give them and by their IANA private enterprise numbers."""

    def __init__(self, brands: Iterable[tuple[str, Iterable[str], Iterable[int]]] = ()) -> None:
        """Take brands: the name as commonly written, other spellings, enterprise numbers. The first of two wins."""
        self._by_name: dict[str, str] = {}
        self._by_number: dict[int, str] = {}
        for name, aliases, numbers in brands:
            for alias in (name, *aliases):
                self._by_name.setdefault(alias.lower(), name)
            for number in numbers:
                self._by_number.setdefault(number, name)
        longest_first = sorted(self._by_name, key=len, reverse=True)
        names = "|".join(re.escape(alias) for alias in longest_first)
        self._leading = re.compile(rf"(?:{names})(?![\w-])", re.IGNORECASE) if names else _NO_NAME

    def leading(self, name: str) -> str | None:
        """Return the maker a text begins with, as it is commonly written ("HP" for "Hewlett-Packard LaserJet"), or None."""
        found = self._leading.match(name)
        return self._by_name[found[0].lower()] if found else None

    def without(self, name: str) -> str:
        """Return `name` without the maker it begins with, also where it is written twice."""
        while (found := self._leading.match(name)) and name[found.end() :].strip():
            name = name[found.end() :].strip()
        return name

    def normalised(self, maker: str) -> str:
        """Return a maker's name, as found in IEEE 1284 MFG, as it is commonly written."""
        return self.leading(maker) or _LEGAL_FORM.sub("", maker).strip() or maker

    def of_enterprise(self, number: int) -> str | None:
        """Return the maker that an IANA private enterprise number belongs to, or None."""
        return self._by_number.get(number)
