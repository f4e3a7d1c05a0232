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
from collections.abc import Callable, Sequence
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
_MARKUP = re.compile(
    r"<!--.*?-->|<!\[CDATA\[(?P<data>.*?)\]\]>|(?P<other><[?!][^>]*>)|<(?P<close>/?)(?P<name>[\w:.-]+)(?P<rest>[^<>]*)>|(?P<text>[^<]+)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"(?P<before>(?P<name>[\w:.-]+)\s*=\s*(?P<quote>[\"']))(?P<value>.*?)(?P=quote)", re.DOTALL)
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
        return self._table(text) if _is_table(text) else _LINE.sub(lambda line: self.spoken(line[0]), text)

    def _markup(self, text: str) -> str:
        names = ["", ""]

        def judged(found: re.Match[str]) -> str:
            kept = found[0]
            if found["text"] is not None:
                kept = self.value(names[-1], found["text"], names[-2])
            elif found["data"] is not None:
                kept = f"<![CDATA[{self.value(names[-1], found['data'], names[-2])}]]>"
            elif found["close"] and found["name"] in names:
                while names.pop() != found["name"]:
                    pass  # some elements of HTML have no end
            elif found["name"] is None and found["other"] is None:
                kept = ""  # a comment
            elif found["name"] and not found["close"]:
                kept = f"<{found['name']}{_ATTRIBUTE.sub(self._attribute, found['rest'])}>"
                if not found["rest"].endswith("/"):
                    names.append(found["name"])
            return kept

        return _MARKUP.sub(judged, text)

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


def _words(name: str) -> set[str]:
    """Return the words of a name, without its prefix: `dd:UserName` is user and name."""
    return {word.lower() for word in _WORDS.findall(name.rpartition(":")[2])}


def _by_pieces(change: Callable[[str], str], text: str) -> str:
    """Return the text changed piece by piece, cut at blanks: a longer one would be cut off."""
    if len(text) <= _PIECE:
        return change(text)
    pieces = re.findall(rf"\S{{{_PIECE},}}|.{{1,{_PIECE}}}(?:\s|\Z)|.{{1,{_PIECE}}}", text, re.DOTALL)
    return "".join(piece if len(piece) > _PIECE else change(piece) for piece in pieces)


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
