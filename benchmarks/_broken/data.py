"""Web documents in JSON and CSV, as the shipped definitions name them: written whole, broken, and read as the collector reads them.

A whole document is made of a definition: something stands at each of its pointers. JSON is broken in its values, names and nesting,
and in how scripts write it; CSV in its rows, quotes and delimiters; both in their octets.
"""

import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from appliance.privacy.people import scrub
from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.definitions.document_schema import DocumentSupplySpec, DocumentTraySpec, WebDocumentSpec
from appliance.reading.sources.document_tree import DocumentError, Pointer
from appliance.reading.sources.web_documents import parts_of_document
from appliance.reading.supplement import supplement
from appliance.report import Device, Reading
from benchmarks._broken import octets as plain

DOCUMENTS = tuple(document for each in builtin_definitions().definitions for document in each.content.web_documents)
PLAIN = Reading(
    taken_at=datetime(2026, 11, 22, 10, 0, tzinfo=UTC), device=Device(key="address:192.0.2.10", ip="192.0.2.10", manufacturer="HP")
)
FILLS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 255, 1.5, 1e308, -0.0, 2**53, 2**63, 2**64, 10**200),
    *("", " ", "0", "-3", "1e3", "1.234", "1,234"),
    *(
        "100%",
        "101",
        "NaN",
        "٣٤",
        "\ud800",
        "ü中\u202e\u200b",
        "\0",
        "%s%n",
        "a" * 5000,
        "9" * 4000,
        "=1+1",
        "Jane Doe",
        "192.0.2.7",
    ),
    *([], {}, [[]], [{}] * 3, {"": ""}, {"a": {"a": {"a": 1}}}),
)
JSON_WORDS = (
    b"NaN",
    b"Infinity",
    b"undefined",
    b"nul",
    b"0x1f",
    b"01",
    b"1.",
    b"--1",
    b"'a'",
    b'"\\ud800"',
    b'"\\u00"',
    b"/* */ 1",
)
_VALUE = re.compile(rb'"[^"]*"|-?[0-9.]+|true|false|null')
Change = Callable[[bytes, bytes, Random], bytes]


def whole(kind: str) -> list[bytes]:
    """Return a document for each of the shipped ones in a format, `json` or `csv`."""
    write = {"json": _json, "csv": _csv}[kind]
    return [write(document) for document in DOCUMENTS if document.format == kind]


def read(kind: str) -> Callable[[bytes, Random], bool]:
    """Return what reads octets as documents of a format, and returns whether they were one."""
    documents = [document for document in DOCUMENTS if document.format == kind]

    def run(octets: bytes, chance: Random) -> bool:
        return read_as(octets, documents, chance)

    return run


def read_as(octets: bytes, documents: Iterable[WebDocumentSpec], chance: Random) -> bool:
    """Read octets as each of `documents`, complete a reading with what they say, and return whether they were one of them."""
    reading, was_one = PLAIN, False
    for document in documents:
        try:
            parts = parts_of_document(octets, document)
        except DocumentError:
            continue
        reading, was_one = supplement(reading, parts), True
    reading = scrub(reading)
    if chance.random() < 0.1 and Reading.model_validate_json(reading.to_json()) != reading:
        raise ValueError("the reading does not survive being written and read")
    return was_one


def broken_json(octets: bytes, other: bytes, chance: Random) -> bytes:
    """Return a document of JSON broken in one to four ways: in what it means, in how it is written, in its octets."""
    roll = chance.random()
    if roll < 0.5:
        tree = json.loads(octets)
        for _ in range(chance.choice((1, 1, 2, 4))):
            tree = _changed(tree, json.loads(other), chance)
        return _written(tree, chance)[: plain.MOST]
    if roll < 0.75:
        return plain.changed(octets, other, chance, chance.choice((1, 1, 2, 4)))
    for _ in range(chance.choice((1, 2))):
        octets = chance.choice(_IN_WRITING)(octets, other, chance)[: plain.MOST]
    return octets


def broken_csv(octets: bytes, other: bytes, chance: Random) -> bytes:
    """Return a table broken in one to four ways: in its rows, values, quotes and delimiters, or in its octets."""
    if chance.random() < 0.3:
        return plain.changed(octets, other, chance, chance.choice((1, 1, 2, 4)))
    for _ in range(chance.choice((1, 1, 2, 4))):
        octets = chance.choice(_IN_TABLES)(octets, other, chance)[: plain.MOST]
    return octets


def _filled(document: WebDocumentSpec) -> Iterator[tuple[Pointer, Any]]:
    """Yield for each pointer of a document what may stand there; entries of lists stand in a list of one."""
    for field in document.fields:
        for pointer in (*field.at, *field.sum):
            yield pointer, 12 if field.gives.startswith("meters.") else "Text 7"
    lists: tuple[DocumentSupplySpec | DocumentTraySpec, ...] = (*document.supplies, *document.trays)
    for entries in lists:
        for pointer, texts, wanted in entries.conditions():
            yield (*entries.each, *pointer), texts[0] if wanted else "else"
        for name, pointers in entries.at:
            for pointer in pointers:
                yield (*entries.each, *pointer), 40 if name in ("level", "capacity", "index") else "black"
    for pointer in document.needs:
        yield pointer, "Model 1"


def _json(document: WebDocumentSpec) -> bytes:
    lists = {entries.each for entries in (*document.supplies, *document.trays)}
    root: dict[str, Any] = {}
    for pointer, value in _filled(document):
        place: Any = root
        for depth, name in enumerate(pointer[:-1], 1):
            inside = place.setdefault(name, [{}] if pointer[:depth] in lists and _is_list(name) else {})
            place = inside[0] if isinstance(inside, list) else inside
            if not isinstance(place, dict):
                break
        else:
            if pointer and not isinstance(place.get(pointer[-1]), dict | list):
                place[pointer[-1]] = value
    return json.dumps(root).encode()


def _is_list(name: str) -> bool:
    """Return whether entries of this name are written as a list: about half of the names are."""
    return len(name) % 2 == 0


def _csv(document: WebDocumentSpec) -> bytes:
    row = {pointer[-1]: str(value) for pointer, value in _filled(document) if pointer}
    return "\r\n".join(",".join(f'"{text}"' for text in texts) for texts in (row.keys(), row.values())).encode()


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Return each container of a tree with the name or number of one thing in it."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting and len(found) < 5000:
        each = waiting.pop()
        keys = list(each) if isinstance(each, dict) else list(range(len(each))) if isinstance(each, list) else []
        found += [(each, key) for key in keys]
        waiting += [each[key] for key in keys]
    return found


def _changed(tree: Any, donor: Any, chance: Random) -> Any:
    places = _places(tree)
    if not places:
        return chance.choice(FILLS)
    container, key = chance.choice(places)
    other, other_key = chance.choice(places)
    kind = chance.randrange(7)
    if kind <= 1:
        container[key] = copy.deepcopy(chance.choice(FILLS))
    elif kind == 2:
        container[key] = json.loads(json.dumps(other[other_key]))
    elif kind == 3:
        foreign, foreign_key = chance.choice(_places(donor) or [([0], 0)])
        container[key] = foreign[foreign_key]
    elif kind == 4:
        container[key] = [container[key]] * chance.choice((0, 1, 2, 50, 3000 if chance.random() < 0.05 else 3))
    elif kind == 5:
        for _ in range(chance.choice((1, 5, 60, 70))):
            container[key] = {"a": container[key]} if chance.random() < 0.5 else [container[key]]
    elif isinstance(container, dict):
        container[str(other_key)] = container.pop(key)
    return tree


def _written(tree: Any, chance: Random) -> bytes:
    """Return a tree as devices write it: in one of several encodings, tight or with blanks."""
    text = json.dumps(tree, ensure_ascii=chance.random() < 0.7, indent=chance.choice((None, None, 1)))
    return text.encode(chance.choice(("utf-8", "utf-8", "utf-16", "utf-8-sig", "latin-1")), "replace")


def _word(octets: bytes, _other: bytes, chance: Random) -> bytes:
    """Put what is no value of JSON in place of one."""
    found = list(_VALUE.finditer(octets))
    one = chance.choice(found) if found else None
    return octets[: one.start()] + chance.choice(JSON_WORDS) + octets[one.end() :] if one else octets


def _as_script(octets: bytes, _other: bytes, chance: Random) -> bytes:
    """Write names without quotes or in single ones, or an assignment before it all."""
    way = chance.randrange(3)
    if way == 0:
        return re.sub(rb'"([A-Za-z_]\w*)":', rb"\1:", octets)
    if way == 1:
        return octets.replace(b'"', b"'")
    return chance.choice((b"var a = ", b"window.data=", b")]}',\n", b"callback(")) + octets + chance.choice((b"", b";", b");"))


def _doubled(octets: bytes, _other: bytes, chance: Random) -> bytes:
    """Say the first members again, once or very often, or a comma too many."""
    end = octets.find(b",") + 1
    many = chance.choice((1, 2, 20_000 if chance.random() < 0.05 else 5))
    return octets[:1] + octets[1:end] * many + octets[1:] if end else octets.replace(b"}", b",}")


def _deep(octets: bytes, _other: bytes, chance: Random) -> bytes:
    """Nest it very deep, closed or not."""
    depth = chance.choice((10, 100, 50_000 if chance.random() < 0.1 else 200))
    return b"[" * depth + octets + b"]" * (depth if chance.random() < 0.7 else depth // 2)


def _in_rows(change: Callable[[list[list[bytes]], bytes, Random], None]) -> Change:
    def run(octets: bytes, other: bytes, chance: Random) -> bytes:
        rows = [line.split(b",") for line in octets.split(b"\r\n")]
        change(rows, other, chance)
        return b"\r\n".join(b",".join(row) for row in rows)

    return run


def _fill_value(rows: list[list[bytes]], _other: bytes, chance: Random) -> None:
    row = chance.choice(rows)
    row[chance.randrange(len(row))] = b'"' + str(chance.choice(FILLS)).encode(errors="replace") + b'"'


def _move_value(rows: list[list[bytes]], other: bytes, chance: Random) -> None:
    row = chance.choice(rows)
    if chance.random() < 0.5:
        del row[chance.randrange(len(row))]
        row[:] = row or [b""]
    else:
        row.insert(chance.randrange(len(row)), chance.choice(other.split(b",")))


def _more_rows(rows: list[list[bytes]], _other: bytes, chance: Random) -> None:
    longest = max(len(b",".join(row)) for row in rows) + 2
    many = min(chance.choice((1, 2, 5000 if chance.random() < 0.05 else 9)), plain.MOST // longest + 1)
    rows += [list(chance.choice(rows)) for _ in range(many)]


def _quotes(octets: bytes, _other: bytes, chance: Random) -> bytes:
    return chance.choice((octets.replace(b'"', b""), octets.replace(b'"', b"'"), octets.replace(b'",', b","), octets + b'"'))


def _delimiters(octets: bytes, _other: bytes, chance: Random) -> bytes:
    old, new = chance.choice(((b",", b";"), (b",", b"\t"), (b",", b"|"), (b"\r\n", b"\r"), (b"\r\n", b"\n\n"), (b"\r\n", b"\0")))
    return octets.replace(old, new)


def _wide(octets: bytes, _other: bytes, chance: Random) -> bytes:
    return octets.replace(b",", b"," * chance.choice((2, 50, 2000 if chance.random() < 0.05 else 5)))


_IN_WRITING: tuple[Change, ...] = (_word, _word, _as_script, _doubled, _deep)
_IN_TABLES: tuple[Change, ...] = (
    *(_in_rows(_fill_value), _in_rows(_fill_value), _in_rows(_move_value), _in_rows(_more_rows)),
    *(_quotes, _delimiters, _wide),
)
