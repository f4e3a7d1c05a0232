"""How much memory the bodies of requests under way may take: all together, and those of one site. Pure, for one event loop.

What counts is what has arrived: a large length that is only announced keeps nobody else out.
"""

from collections import Counter


class BodiesUnderWay:
    """Bytes that are held, by the name under which they came: the key id of a request, or the address where it has none."""

    def __init__(self, most: int, most_each: int) -> None:
        self._most = most
        self._most_each = most_each
        self._held: Counter[str] = Counter()
        self._total = 0

    @property
    def total(self) -> int:
        """How many bytes are held now."""
        return self._total

    def take(self, name: str, count: int) -> bool:
        """Count `count` bytes more for `name`; false, and nothing is counted, where that would be too much."""
        if self._total + count > self._most or self._held[name] + count > self._most_each:
            return False
        self._held[name] += count
        self._total += count
        return True

    def give_back(self, name: str, count: int) -> None:
        """Count `count` bytes less for `name`."""
        self._total -= count
        self._held[name] -= count
        if not self._held[name]:
            del self._held[name]
