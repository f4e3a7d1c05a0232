"""Recorded devices, read by this benchmark's own eyes: nothing here uses the code under test."""

import csv
import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

Content = int | bytes | str
"""A number, octets, or an object identifier as dotted text."""

_COUNTER64 = 70
_NUMBERS = {2, 65, 66, 67, 70}
_OBJECT_IDENTIFIER, _IP_ADDRESS = 6, 64


@dataclass(frozen=True)
class Recorded:
    """One recorded device: its objects by dotted OID, and what another project computed from the same recording."""

    name: str
    file: Path
    objects: dict[str, Content]
    expected: dict[str, Any] = field(default_factory=dict)
    counters64: frozenset[str] = frozenset()
    """The objects that are a Counter64, which SNMPv1 does not know (RFC 3584 section 4.2.2.1)."""
    vendor: str = ""

    def without(self, oids: frozenset[str]) -> "Recorded":
        """Return the recording without some of its objects."""
        return replace(self, objects={oid: content for oid, content in self.objects.items() if oid not in oids})

    def column(self, oid: str) -> dict[tuple[int, ...], Content]:
        """Return the cells below `oid` by their index, in order."""
        start = f"{oid}."
        found = {
            tuple(map(int, each[len(start) :].split("."))): content
            for each, content in self.objects.items()
            if each.startswith(start)
        }
        return dict(sorted(found.items()))

    def number(self, oid: str) -> int | None:
        """Return the number at `oid`, also one written as digits."""
        return number(self.objects.get(oid))

    def spellings(self, oid: str) -> set[str]:
        """Return how the text at `oid` may be written, empty where there is none."""
        return spellings(self.objects.get(oid))


def number(content: Content | None) -> int | None:
    """Return `content` as a number, None for anything else."""
    if isinstance(content, bytes):
        text = content.strip(b"\0 \t")
        return int(text) if re.fullmatch(rb"[+-]?\d{1,18}", text) else None
    return content if isinstance(content, int) else None


def plain(text: str) -> str:
    """Return a text as it is compared: without control characters, with single blanks, in lower case."""
    kept = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(kept.split()).casefold()


def spellings(content: Content | None) -> set[str]:
    """Return what octets may mean, by the character sets printers use; also without the two octets HP puts before its texts."""
    if not isinstance(content, bytes):
        return {str(content)} if isinstance(content, int) else set()
    variants = [content, content[2:]] if len(content) > 2 and content[0] < 0x20 else [content]
    found = set()
    for octets in variants:
        cut = octets.lstrip(b"\0").partition(b"\0")[0]
        for charset in ("utf-8", "iso8859-1", "iso8859-2", "iso8859-5", "iso8859-9", "hp-roman8", "shift_jis", "gb18030", "cp437"):
            try:
                found.add(plain(cut.decode(charset)))
            except UnicodeDecodeError:
                continue
    return {text for text in found if text}


def load(folder: Path) -> list[Recorded]:
    """Return all recordings in `folder`, in the order of their names. Raises OSError, ValueError."""
    known = _vendors(folder)
    found = [load_file(file) for file in sorted(folder.glob("*.snmprec"))]
    return [replace(each, vendor=known.get(each.name) or each.vendor) for each in found]


def load_file(file: Path) -> Recorded:
    """Return one recording, with `expected/NAME.json` beside it where that exists. Raises OSError, ValueError."""
    objects: dict[str, Content] = {}
    counters64 = set()
    for line in file.read_text(encoding="utf-8").split("\n"):
        if line.strip() and not line.startswith("#"):
            oid, tag, value = line.rstrip("\r").split("|", 2)
            name = oid.strip().lstrip(".")
            objects[name] = _content(int(tag.removesuffix("x")), value, hexadecimal=tag.endswith("x"))
            if int(tag.removesuffix("x")) == _COUNTER64:
                counters64.add(name)
    beside = file.parent / "expected" / f"{file.stem}.json"
    expected = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else {}
    return Recorded(file.stem, file, objects, expected, frozenset(counters64), file.stem.partition("_")[0].capitalize())


def _vendors(folder: Path) -> dict[str, str]:
    """Return the vendor of each recording by its name, where `index.tsv` tells it."""
    index = folder / "index.tsv"
    if not index.exists():
        return {}
    with index.open(encoding="utf-8", newline="") as lines:
        return {row["file"].removesuffix(".snmprec"): row["vendor"] for row in csv.DictReader(lines, delimiter="\t")}


def _content(tag: int, value: str, *, hexadecimal: bool) -> Content:
    if hexadecimal:
        octets = bytes.fromhex(value)
        return int.from_bytes(octets, "big", signed=tag == 2) if tag in _NUMBERS else octets
    if tag in _NUMBERS:
        return int(value)
    if tag in {_OBJECT_IDENTIFIER, _IP_ADDRESS}:
        return value.strip().lstrip(".")
    return value.encode()
