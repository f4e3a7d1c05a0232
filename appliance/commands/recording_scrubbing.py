"""What is taken out of a recording before it is written: by `appliance.privacy.recorded_texts`, wherever a text stands. Pure.

SNMP objects, IPP attributes and web documents keep what tells who the device is; `--mask` also takes out where it stands: host
name, location, address, the MAC address but for its maker's part.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from appliance.http.recording import WebExchange, WebRecording
from appliance.http.visit import IPP_CONTENT
from appliance.privacy.people import scrub_text
from appliance.privacy.recorded_texts import MASKED, SHORTEST_PLACE, RecordedTexts
from appliance.reading.sources import ipp
from appliance.reading.sources import objects as mib
from appliance.reading.sources.ipp_rewriting import rewrite
from appliance.snmp.recording import UNKNOWN_ADDRESS
from appliance.snmp.values import Objects, Oid, Tag, Value

MASKED_ADDRESS = ipaddress.IPv4Address(UNKNOWN_ADDRESS)
"""Stands for the address of the device in a masked recording."""

_ENTERPRISES: Oid = (1, 3, 6, 1, 4, 1)
_PLACE = (mib.SYS_NAME.oid, mib.SYS_LOCATION.oid)
_PANEL = (mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT.oid, mib.PRT_ALERT_DESCRIPTION.oid)
_PLACES = frozenset({"printer-location", "printer-geo-location", "printer-organization", "printer-organizational-unit"})
"""What tells over IPP where a device stands."""
_PAIRS = frozenset({"printer-supply", "printer-input-tray", "printer-alert"})
"""Attributes that are written as `key=value;` (PWG 5100.9, 5100.13)."""
_IDENTITY = frozenset(
    {
        *("printer-make-and-model", "printer-device-id", "printer-serial-number", "printer-uuid"),
        *("printer-firmware-string-version", "printer-firmware-version", "printer-firmware-name", "printer-firmware-patches"),
        *("attributes-charset", "attributes-natural-language"),
    }
)
_NODE = re.compile(r"([0-9a-f]{6})[0-9a-f]{6}$", re.IGNORECASE)
"""The end of a UUID: the MAC address, of printers that make it of theirs (RFC 4122 section 4.1.6)."""
_UNWRITTEN, _NOT_PLAIN = re.compile(r"[^\x21-\x7e]"), re.compile(r"[^\x20-\x7e]")
"""What is not written down of a URL and of the values of headers."""


def without_names(objects: Objects) -> dict[Oid, Value]:
    """Return the objects without names of documents and people in what panels, alerts and makers' own texts say.

    Panels and alerts lose phone numbers, too; in makers' objects a number may be one that is billed by.
    """
    texts = RecordedTexts()
    rules = ((_PANEL, texts.spoken), ((_ENTERPRISES,), scrub_text))
    kept = dict(objects)
    for oid, value in objects.items():
        rule = next((rule for subtrees, rule in rules if _below(oid, subtrees)), None)
        if rule:
            kept[oid] = _spoken(value, rule)
    return kept


def without_place(objects: Objects) -> dict[Oid, Value]:
    """Return the objects without host name and location wherever they stand, another address, and the maker's part of each MAC."""
    places = list(_place_octets(objects))
    masked: dict[Oid, Value] = {}
    for oid, value in objects.items():
        if _below(oid, (mib.IP_AD_ENT_IF_INDEX.oid,)):
            masked.setdefault((*mib.IP_AD_ENT_IF_INDEX.oid, *MASKED_ADDRESS.packed), value)
        elif not _below(oid, (mib.IP_ADDRESS_IF_INDEX.oid,)):
            masked[oid] = _masked(oid, value, places)
    return masked


def web_without_names(web: WebRecording, objects: Objects, *, mask: bool, known: Iterable[str] = ()) -> WebRecording:
    """Return what was answered over HTTP without names of people and documents, e-mail addresses and phone numbers.

    `mask` also takes out the place: what `objects` and IPP tell of it, and what is `known`, such as the address.
    """
    places = [*known, *(octets.decode(errors="replace") for octets in _place_octets(objects)), *_locations(web)]
    texts = RecordedTexts(mask=mask, places=places)
    return web.changed(lambda exchange: _scrubbed(exchange, texts))


def _scrubbed(exchange: WebExchange, texts: RecordedTexts) -> WebExchange:
    answer = exchange.answer
    location = _UNWRITTEN.sub("", texts.spoken(answer.location))
    content_type, server = (_NOT_PLAIN.sub("", text) for text in (answer.content_type[:200], texts.spoken(answer.server)))
    changed = replace(answer, body=_body(exchange, texts), location=location, content_type=content_type, server=server)
    return replace(exchange, answer=changed)


def _body(exchange: WebExchange, texts: RecordedTexts) -> bytes:
    """Return what is kept of a body: nothing of one that is neither IPP nor text."""
    body = exchange.answer.body
    if exchange.ipp_version and (exchange.answer.content_type == IPP_CONTENT or body[:1] in (b"\1", b"\2")):
        try:
            return rewrite(body, lambda name, text: _attribute(name, text, texts))
        except ipp.IppError:
            return b""
    return texts.document(body) or b""


def _attribute(name: str, text: str, texts: RecordedTexts) -> str:
    if name in _PAIRS:
        return ";".join(_pair(pair, texts) for pair in text.split(";"))
    if name in _PLACES:
        return MASKED if texts.mask and text else text
    if name not in _IDENTITY:
        return texts.spoken(text)
    if texts.mask and name == "printer-uuid":
        return _NODE.sub(lambda node: node[1] + "0" * 6, text)
    return texts.placeless(text)


def _pair(pair: str, texts: RecordedTexts) -> str:
    """Return `key=value` with its value judged: what a tray is called is no person."""
    key, equals, value = pair.partition("=")
    return f"{key}{equals}{texts.spoken(value)}"


def _locations(web: WebRecording) -> Iterator[str]:
    """Yield where the device stands, as it says over IPP."""
    for exchange in web.exchanges:
        try:
            told = ipp.decode_answer(exchange.answer.body).attributes if exchange.ipp_version else {}
        except ipp.IppError:
            continue
        yield from (value for name in _PLACES for value in told.get(name, ()) if isinstance(value, str))


def _place_octets(objects: Objects) -> Iterator[bytes]:
    for oid, value in objects.items():
        if _below(oid, _PLACE) and isinstance(value.content, bytes) and len(value.content) >= SHORTEST_PLACE:
            yield value.content


def _masked(oid: Oid, value: Value, places: list[bytes]) -> Value:
    content = value.content
    if not isinstance(content, bytes):
        return value
    if _below(oid, (mib.IF_PHYS_ADDRESS.oid,)):
        return Value(value.tag, content[:3] + bytes(max(0, len(content) - 3)))
    if _below(oid, _PLACE):
        return Value(value.tag, MASKED.encode())
    for place in places:
        content = content.replace(place, MASKED.encode())
    return Value(value.tag, content)


def _below(oid: Oid, subtrees: Iterable[Oid]) -> bool:
    return any(oid[: len(subtree)] == subtree for subtree in subtrees)


def _spoken(value: Value, scrub: Callable[[str], str]) -> Value:
    if value.tag != Tag.OCTET_STRING or not isinstance(value.content, bytes):
        return value
    try:
        text = value.content.decode()
    except UnicodeDecodeError:
        text = value.content.decode("latin-1")
    scrubbed = scrub(text)
    return value if scrubbed == text else Value(value.tag, scrubbed.encode())
