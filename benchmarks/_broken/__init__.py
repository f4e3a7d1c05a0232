"""Answers other than SNMP that the endurance run breaks: one kind a module, and the table of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks._broken import ipp, xml

Break = Callable[[bytes, bytes, Random], bytes]
"""Breaks an answer; the second one is another answer, to be mixed in."""
Read = Callable[[bytes, Random], bool]
"""Has the product read an answer, and returns whether it was one. Whatever this raises has escaped."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What answers of one kind look like, how they are broken, and how the product reads them."""

    whole: Sequence[bytes]
    break_one: Break
    read: Read


KINDS: dict[str, Kind] = {
    "ipp": Kind(ipp.answers(), ipp.broken, ipp.read),
    "xml": Kind(xml.documents(), xml.broken, xml.read),
}
"""By the name on the command line."""
