"""Breaking XML so that it stays well-formed: elements moved, doubled, nested, renamed and filled, in any encoding XML may have."""

from random import Random
from xml.etree import ElementTree as Tree

MOST_ELEMENTS = 20_000
CHARSETS = ("utf-8", "utf-8", "us-ascii", "iso-8859-1", "utf-16", "windows-1252")
FILLS = (
    *(
        "",
        " ",
        "\n\t",
        "-1",
        "0",
        "255",
        "100",
        "101",
        "1.5",
        "1e3",
        "٣٤",
        "²",
        "99999999999999999999999",
        "9" * 4000,
        "0" * 30 + "7",
    ),
    *("ü中\u202e\u200b", "\ufffd", "a" * 5000, "CMYK", "K", "C", "0000000", "toner", "TonerCartridge", "wasteToner", "printhead"),
    *("Job of user: Jane Doe", "192.0.2.7", "<&>", "%s%n", "none", "unknown", "N/A", "HP LaserJet " * 200),
)


def broken(document: bytes, other: bytes, chance: Random) -> bytes:
    """Return a document that is whole XML, changed in one to eight ways; `document` and `other` are whole ones of our own."""
    root, donor = _tree(document), _tree(other)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        elements = list(root.iter())[:MOST_ELEMENTS]
        _change(chance.choice(elements), chance.choice(elements), chance.choice(list(donor.iter())), chance)
    octets: bytes = Tree.tostring(root, encoding=chance.choice(CHARSETS), xml_declaration=True)
    return octets


def _tree(document: bytes) -> Tree.Element:
    """Return a document of this package; Canon's prefix stands for no namespace, which a strict reader refuses."""
    return Tree.fromstring(document.replace(b"ivec:", b""))  # noqa: S314 - written in this package


def _change(element: Tree.Element, another: Tree.Element, foreign: Tree.Element, chance: Random) -> None:
    kind = chance.randrange(8)
    if kind <= 1:
        element.text = chance.choice(FILLS)
    elif kind == 2:
        element.tag = another.tag if chance.random() < 0.8 else foreign.tag
    elif kind == 3:
        _copy(element, foreign, chance)
    elif kind == 4 and len(another):
        _copy(another, another[chance.randrange(len(another))], chance)
    elif kind == 5:
        element[:] = chance.sample(list(element), len(element))
    elif kind == 6:
        _nest(element, chance.choice((1, 5, 60, 70)), another.tag)
    elif len(element):
        element.remove(element[chance.randrange(len(element))])


def _copy(into: Tree.Element, element: Tree.Element, chance: Random) -> None:
    """Put copies of an element into another: one, some, or very many of small ones."""
    octets = Tree.tostring(element)
    many = 3000 if len(octets) < 100 else 100 if len(octets) < 1000 else 1
    times = many if chance.random() < 0.02 else chance.choice((1, 1, 2, 5))
    into.extend([Tree.fromstring(octets) for _ in range(times)])  # noqa: S314 - made just now


def _nest(element: Tree.Element, depth: int, name: str) -> None:
    """Put what an element holds so much deeper."""
    inner = list(element)
    element[:] = []
    place = element
    for _ in range(depth):
        place = Tree.SubElement(place, name)
    place.extend(inner)
