"""What is taken out of recordings of devices: one set of rules for SNMP objects, IPP attributes and web documents. Pure.

- Always: names of people and documents, e-mail addresses, phone numbers.
- Masked recordings: also host names, addresses and MAC addresses, and whatever tells where the device stands.
- Never: what is billed by and what versions are told by, such as serial and part numbers.

A document is judged value by value, with the name each stands under: an XML element or attribute, a key of JSON, a column of CSV.
What is no text cannot be judged, so it is not kept.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from appliance.privacy.people import REMOVED, scrub_text
from appliance.privacy.pseudonyms import Pseudonymizer
from appliance.privacy.text_masks import TextMasks
from appliance.settings.model import PrivacySettings

MASKED = "masked"
SHORTEST_PLACE = 3
"""A host name or location shorter than this is only removed where it stands alone: it may be part of any word."""

_PHONES_ONLY = PrivacySettings(ip_address="send", host_name="send", mac="send", phone_numbers="mask")
_EVERYTHING = PrivacySettings(ip_address="mask_last_octet", host_name="mask", mac="mask", phone_numbers="mask")
_PIECE = 1000
"""Characters that are judged at once."""
_PIECES = re.compile(rf".{{1,{_PIECE}}}(?:(?<=[\s,;{{}}()\[\]\"'<>|&])|\Z)|.{{1,{_PIECE}}}", re.DOTALL)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PERSON = frozenset(
    ("user", "owner", "contact", "account", "login", "sender", "recipient", "mail", "email", "phone", "telephone", "tel", "person")
) | {"username", "nickname", "remote", "administrator", "author", "originator"}
_THINGS = frozenset({"job", "document", "file", "fax"})
_TOLD_OF_THEM = frozenset({"name", "title", "subject", "id", "header"})
_PHONE_WORDS = frozenset({"phone", "telephone", "tel"})
_PLACE = frozenset({"location", "hostname"})
_STAYS = frozenset(
    ("serial", "part", "product", "model", "firmware", "version", "revision", "selectibility", "uuid", "oid", "schema", "date")
)
_COUNT = re.compile(r"-?[0-9]{1,12}")
_DECLARATION = re.compile(r"<[?!][^<>]*>")
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[\w:.-]+)(?P<rest>[^<>]*)>")
_ATTRIBUTE = re.compile(r"(?P<before>(?<![\w:.-])(?P<name>[\w:.-]+)\s*=\s*(?P<quote>[\"']))(?P<value>.*?)(?P=quote)", re.DOTALL)
_DEEPEST = 64
"""Elements that are open at once, as far as ends are looked for."""
_LINE = re.compile(r"[^\r\n]+")


class RecordedTexts:
    """Takes out of texts what a recording must not hold."""

    def __init__(self, *, mask: bool = False, places: Sequence[str] = ()) -> None:
        """`mask` also takes out where the device stands; `places` are its host name, location and address."""
        settings = _EVERYTHING if mask else _PHONES_ONLY
        self.mask = mask
        self._masks = TextMasks(settings, Pseudonymizer(settings, None))
        self._places = sorted({each for each in places if len(each) >= SHORTEST_PLACE}, key=len, reverse=True) if mask else []

    def spoken(self, text: str) -> str:
        """Return what a panel, an alert or a maker's own text says, without what a recording must not hold."""
        return _by_pieces(lambda piece: self._masks.text(scrub_text(piece)), self.placeless(text))

    def placeless(self, text: str) -> str:
        """Return a text in which only the place of the device is masked, such as a serial number or a version."""
        for place in self._places:
            text = text.replace(place, MASKED)
        return text

    def value(self, name: str, text: str, parent: str = "") -> str:
        """Return the text that stands under `name`, and that in `parent`; a count stays a count."""
        bare = text.strip()
        if not bare:
            return text
        words, around = _words(name), _words(parent)
        if words & _PHONE_WORDS or words >= {"fax", "number"}:
            return text.replace(bare, REMOVED)
        if _COUNT.fullmatch(bare):
            return text
        told = words | (around if around <= _THINGS else set())
        if (words | around) & _PERSON or (told & _THINGS and told & _TOLD_OF_THEM):
            return text.replace(bare, REMOVED)
        if self.mask and (words & _PLACE or words >= {"host", "name"}):
            return text.replace(bare, MASKED)
        return self.placeless(text) if words & _STAYS else self.spoken(text)

    def document(self, octets: bytes) -> bytes | None:
        """Return a document without what a recording must not hold; None where it is no text.

        One that holds none of it stays as it is, octet by octet.
        """
        text, encoding = _decoded(octets)
        if text is None:
            return None
        scrubbed = self._judged(text)
        return octets if scrubbed == text else scrubbed.encode(encoding)

    def _judged(self, text: str) -> str:
        start = text.lstrip("\ufeff \t\r\n")[:1]
        if start == "<":
            return self._markup(text)
        if start in ("{", "["):
            try:
                return self._json(text)
            except (ValueError, RecursionError):
                pass
        if _is_table(text):
            try:
                return self._table(text)
            except csv.Error:
                pass
        return _LINE.sub(lambda line: self.spoken(line[0]), text)

    def _markup(self, text: str) -> str:
        """Judge each text under the name of its element, and each attribute; comments are left out."""
        kept: list[str] = []
        names = ["", ""]
        for kind, piece in _tokens(text):
            if kind in ("text", "data"):
                judged = self.value(names[-1], piece, names[-2])
                kept.append(judged if kind == "text" else f"<![CDATA[{judged}]]>")
            elif kind == "tag":
                kept.append(self._tag(piece, names))
        return "".join(kept)

    def _tag(self, piece: str, names: list[str]) -> str:
        """Return a tag with its attributes judged; `names` are those of the elements that are open."""
        found = _TAG.fullmatch(piece)
        if found is None:
            return piece
        name, rest = found["name"], found["rest"]
        if found["close"]:
            if name in names[-_DEEPEST:]:
                while names.pop() != name:
                    pass  # some elements of HTML have no end
            return piece
        if not rest.endswith("/"):
            names.append(name)
        return f"<{name}{_ATTRIBUTE.sub(self._attribute, rest)}>"

    def _attribute(self, found: re.Match[str]) -> str:
        if found["name"].startswith("xmlns") or found["name"] == "xsi:schemaLocation":
            return found[0]
        return f"{found['before']}{self.value(found['name'], found['value'])}{found['quote']}"

    def _json(self, text: str) -> str:
        before = json.loads(text)
        after = self._json_value("", before)
        return text if after == before else json.dumps(after, ensure_ascii=False)

    def _json_value(self, name: str, value: Any, parent: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._json_value(str(key), inner, name) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._json_value(name, inner, parent) for inner in value]
        return self.value(name, value, parent) if isinstance(value, str) else value

    def _table(self, text: str) -> str:
        """Judge each cell under the name of its column, which the first line tells."""
        lines = text.splitlines(keepends=True)
        names = next(csv.reader([lines[0]]))
        return "".join([self._row(["", *names][1:], line) if number else line for number, line in enumerate(lines)])

    def _row(self, names: Sequence[str], line: str) -> str:
        for column, cell in enumerate(next(csv.reader([line]), [])):
            scrubbed = self.value(names[column] if column < len(names) else "", cell)
            if scrubbed != cell:
                line = line.replace(cell, scrubbed, 1)
        return line


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a text with markup, each with what it is: tag, text, data (of a CDATA section) or comment."""
    position = 0
    while position < len(text):
        if text.startswith(("<!--", "<![CDATA["), position):
            kind, begin, stop = ("comment", 4, "-->") if text[position + 2] == "-" else ("data", 9, "]]>")
            end = text.find(stop, position + begin)
            end = len(text) if end < 0 else end
            yield kind, text[position + begin : end]
            position = end + len(stop)
        elif found := _TAG.match(text, position) or _DECLARATION.match(text, position):
            yield "tag", found[0]
            position = found.end()
        else:
            end = text.find("<", position + 1)
            end = len(text) if end < 0 else end
            yield "text", text[position:end]
            position = end


def _words(name: str) -> set[str]:
    """Return the words of a name, without its prefix: `dd:UserName` is user and name."""
    return {word.lower() for word in _WORDS.findall(name.rpartition(":")[2])}


def _by_pieces(change: Callable[[str], str], text: str) -> str:
    """Return the text changed piece by piece, cut where no name is in the middle: a longer one would be cut off."""
    return change(text) if len(text) <= _PIECE else "".join(change(piece) for piece in _PIECES.findall(text))


def _is_table(text: str) -> bool:
    """Return whether a text is CSV: two lines or more, of as many cells each."""
    lines = list(io.StringIO(text))
    try:
        widths = {len(row) for row in csv.reader(lines[:50]) if row}
    except csv.Error:
        return False
    return len(lines) > 1 and len(widths) == 1 and max(widths) > 1


def _decoded(octets: bytes) -> tuple[str | None, str]:
    """Return the text in some octets and its encoding, None where they are no text."""
    encodings = ["utf-16"] if octets[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8", "latin-1"]
    for encoding in encodings:
        try:
            text = octets.decode(encoding)
        except UnicodeDecodeError:
            continue
        return (None if "\0" in text or (encoding == "latin-1" and _has_controls(text)) else text), encoding
    return None, ""


def _has_controls(text: str) -> bool:
    return any(ord(character) < 0x20 and character not in "\t\r\n\f" for character in text)
