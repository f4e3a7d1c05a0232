"""A document of a device as a tree, whatever its format, and pointers into it. Pure.

- A pointer is a path of names (RFC 6901): `/printUsage/impressions/total`. It names one place and is never searched for, so that it
  takes no longer than it is long. In XML a name is that of an element without its namespace, below the root.
- A name that stands in a table twice is nobody's: its value is none. Of elements of XML with one name the first counts.
- The readers of all formats keep to the same bounds, and refuse what is beyond them with a sentence.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from appliance.reading.text import decode

MAX_BYTES = 1 << 20
MAX_NODES = 50_000
MAX_DEPTH = 64
LONGEST_POINTER, MOST_STEPS = 200, 12
_UTF_8 = 106
_COUNT = re.compile(r"[0-9]{1,19}")
_AMOUNT = re.compile(r"-?[0-9]{1,10}(?:\.[0-9]{1,2})?")
"""No more than two digits behind a point: where there are three, the point parts thousands."""
_ITEM = re.compile(r"0|[1-9][0-9]{0,4}")
_LARGEST = 2**63
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

Pointer = tuple[str, ...]
"""The names on the way from the root; empty for the root itself."""


class DocumentError(ValueError):
    """The octets are no document of the format, or one that is not read; the sentence says why."""


@dataclass(slots=True)
class Node:
    """A value of a document: a text, or members by name, or a list."""

    text: str | None = None
    members: dict[str, list["Node"]] = field(default_factory=dict)
    items: list["Node"] = field(default_factory=list)
    repeats: bool = False
    """Whether members of one name are a list, as elements of XML are; else a name that is there twice is ambiguous."""

    def add(self, name: str, node: "Node") -> None:
        """Take a member."""
        self.members.setdefault(name, []).append(node)

    def named(self, name: str) -> list["Node"]:
        """Return the members of a name, or the item of a list by its number from 0."""
        if self.items:
            return [self.items[int(name)]] if _ITEM.fullmatch(name) and int(name) < len(self.items) else []
        found = self.members.get(name, [])
        return found if self.repeats or len(found) == 1 else []


def parse_pointer(text: str) -> Pointer:
    """Return the names of a pointer of RFC 6901. Raises ValueError, which says what is wrong."""
    if len(text) > LONGEST_POINTER or text.count("/") > MOST_STEPS:
        raise ValueError(f"a pointer has at most {LONGEST_POINTER} characters and {MOST_STEPS} names")
    if text and not text.startswith("/"):
        raise ValueError("a pointer begins with a slash and names what is on the way, as in /printUsage/impressions/total")
    if not text.isprintable() or re.search(r"~(?![01])", text):
        raise ValueError("in a pointer write ~1 for a slash within a name and ~0 for a tilde; it has no control characters")
    return tuple(name.replace("~1", "/").replace("~0", "~") for name in text.split("/")[1:])


def shown(pointer: Pointer) -> str:
    """Return a pointer as a source names it: without the first slash."""
    return "/".join(pointer)


def found_at(node: Node, pointer: Pointer) -> Node | None:
    """Return what is at a pointer, None where nothing is, or more than one."""
    place: Node | None = node
    for name in pointer:
        place = next(iter(place.named(name)), None) if place is not None else None
    return place


def entries_at(node: Node, pointer: Pointer) -> Sequence[Node]:
    """Return the entries of a list: the items at a pointer, the elements of one name, or the one thing that is there."""
    if not pointer:
        return node.items or [node]
    parent = found_at(node, pointer[:-1])
    found = parent.named(pointer[-1]) if parent is not None else []
    return found[0].items or found if len(found) == 1 else found


def text_at(node: Node, pointers: Sequence[Pointer]) -> tuple[str, Pointer] | None:
    """Return the first text that one of `pointers` leads to, without control characters, and where it was."""
    for pointer in pointers:
        place = found_at(node, pointer)
        told = decode(place.text.encode(errors="replace"), _UTF_8) if place is not None and place.text else ""
        if told:
            return told, pointer
    return None


def count_of(text: str) -> int | None:
    """Return a count, None for anything but digits: not every maker parts thousands and fractions by the same signs."""
    stripped = text.strip()
    return int(stripped) if _COUNT.fullmatch(stripped) and int(stripped) < _LARGEST else None


def amount_of(text: str) -> float | None:
    """Return an amount, which may have up to two decimals and a percent sign."""
    stripped = text.strip().removesuffix("%").rstrip()
    return float(stripped) if _AMOUNT.fullmatch(stripped) else None


def text_of(octets: bytes) -> str:
    """Return the text of a document: by its byte order mark, else UTF-8, else Latin-1. Raises DocumentError."""
    if len(octets) > MAX_BYTES:
        raise DocumentError(f"it is larger than {MAX_BYTES} bytes")
    for mark, encoding in _BOMS:
        if octets.startswith(mark):
            return octets[len(mark) :].decode(encoding, errors="replace")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("iso8859-1")


def data_in(octets: bytes) -> str:
    """Return the text of a document that is no page for people. Raises DocumentError."""
    text = text_of(octets)
    start = text[:200].lstrip()
    if not start:
        raise DocumentError("it is empty")
    if start.startswith("<"):
        raise DocumentError("it is a web page in place of the data")
    return text


class Counter:
    """Counts the nodes of a document."""

    def __init__(self) -> None:
        self._left = MAX_NODES

    def take(self) -> None:
        """Count one more. Raises DocumentError beyond the bound."""
        self._left -= 1
        if self._left < 0:
            raise DocumentError(f"it has more than {MAX_NODES} values")


def words_of(pointer: Pointer) -> Iterator[str]:
    """Yield the words the names of a pointer are made of, in lower case: `serialNumber` has `serial` and `number`."""
    for name in pointer:
        for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W_a-zA-Z]+", name):
            yield word.lower()
