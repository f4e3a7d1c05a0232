"""JSON of devices (RFC 8259), without recursion and within bounds. Pure.

Some web interfaces write it as their scripts take it: names without quotes or in single ones, a comma behind the last member,
`var NAME =` before it all. That is read as well. `NaN`, `Infinity` and whatever else is no value of JSON is refused, and so is a
name that an object has twice: nobody can tell which one is meant.
"""

import re
from dataclasses import dataclass

from appliance.reading.sources.document_tree import MAX_DEPTH, Counter, DocumentError, Node, data_in

LONGEST_STRING = 1 << 16
_BLANK = re.compile(r"[ \t\r\n\f\v\ufeff]*")
_ASSIGNED = re.compile(r"(?:var|let|const)\s{1,9}[A-Za-z_$][\w$.]{0,99}\s{0,9}=|[A-Za-z_$][\w$.]{0,99}\s{0,9}=")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,63})(?:\.[0-9]{1,63})?(?:[eE][+-]?[0-9]{1,4})?(?![\w.])")
_NAME = re.compile(r"[A-Za-z_$][\w$-]{0,199}")
_HEX = re.compile(r"[0-9A-Fa-f]{4}")
_ENDS = {'"': re.compile(r'["\\]'), "'": re.compile(r"['\\]")}
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": "true", "false": "false", "null": None}


def read_json(octets: bytes) -> Node:
    """Return the document. Raises DocumentError, which says what is wrong."""
    text = data_in(octets)
    start = _skipped(text, 0)
    assigned = _ASSIGNED.match(text, start)
    scanner = _Scanner(text, _skipped(text, assigned.end() if assigned else start))
    root = scanner.document()
    if text[scanner.place :].strip(" \t\r\n\f\v\0;"):
        raise DocumentError(f"something stands behind its end, at character {scanner.place}")
    return root


def _skipped(text: str, place: int) -> int:
    blank = _BLANK.match(text, place)
    return blank.end() if blank else place


def _paired(text: str) -> str:
    """Return a text with the halves of characters that are written as two (RFC 8259 section 7) put together."""
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(slots=True)
class _Open:
    """An object or a list that is not at its end yet."""

    node: Node
    close: str


class _Scanner:
    def __init__(self, text: str, place: int) -> None:
        self._text = text
        self.place = place
        self._counter = Counter()

    def document(self) -> Node:
        """Return the value that begins here."""
        open_nodes: list[_Open] = []
        root = node = self._value(open_nodes)
        while open_nodes:
            inside = open_nodes[-1]
            at = self._next()
            if at == inside.close:
                self.place += 1
                open_nodes.pop()
                self._separate(open_nodes)
                continue
            name = self._name() if inside.close == "}" else None
            before = len(open_nodes)
            node = self._value(open_nodes)
            if name is None:
                inside.node.items.append(node)
            elif name in inside.node.members:
                raise DocumentError(f"an object says {name[:60]!r} twice")
            else:
                inside.node.add(name, node)
            if len(open_nodes) == before:
                self._separate(open_nodes)
        return root

    def _next(self) -> str:
        self.place = _skipped(self._text, self.place)
        if self.place >= len(self._text):
            raise DocumentError("it is cut off")
        return self._text[self.place]

    def _separate(self, open_nodes: list[_Open]) -> None:
        """Take the comma behind a value, if that is not the last one."""
        if not open_nodes:
            return
        at = self._next()
        if at == ",":
            self.place += 1
        elif at != open_nodes[-1].close:
            raise self._wrong()

    def _name(self) -> str:
        if self._next() in _ENDS:
            name = self._string()
        else:
            match = _NAME.match(self._text, self.place)
            if match is None:
                raise self._wrong()
            name, self.place = match[0], match.end()
        if self._next() != ":":
            raise self._wrong()
        self.place += 1
        return name

    def _value(self, open_nodes: list[_Open]) -> Node:
        """Return the value that begins here; an object or a list is opened."""
        self._counter.take()
        at = self._next()
        if at in "{[":
            if len(open_nodes) >= MAX_DEPTH:
                raise DocumentError("it is nested too deep")
            self.place += 1
            node = Node()
            open_nodes.append(_Open(node, "}" if at == "{" else "]"))
            return node
        if at in _ENDS:
            return Node(self._string())
        if number := _NUMBER.match(self._text, self.place):
            self.place = number.end()
            return Node(number[0])
        word = _NAME.match(self._text, self.place)
        if word is None or word[0] not in _WORDS:
            raise self._wrong()
        self.place = word.end()
        return Node(_WORDS[word[0]])

    def _string(self) -> str:
        end = _ENDS[self._text[self.place]]
        start = place = self.place + 1
        parts: list[str] = []
        while (stop := end.search(self._text, place, start + LONGEST_STRING)) is not None:
            parts.append(self._text[place : stop.start()])
            place = stop.end()
            if stop[0] != "\\":
                self.place = place
                return _paired("".join(parts))
            escape = self._text[place : place + 1]
            place += 1
            if escape == "u":
                digits = _HEX.match(self._text, place)
                if digits is None:
                    raise self._wrong()
                parts.append(chr(int(digits[0], 16)))
                place = digits.end()
            else:
                parts.append(_ESCAPES.get(escape, escape))
        raise DocumentError("a text in it has no end, or is too long")

    def _wrong(self) -> DocumentError:
        return DocumentError(f"{self._text[self.place : self.place + 20]!r} at character {self.place} is no JSON")
