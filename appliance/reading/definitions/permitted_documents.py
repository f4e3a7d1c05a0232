"""What a definition may ask of the web documents of devices: an allow-list by meaning, as `permitted` is for objects.

- Of each vendor only the documents below may be asked for, by GET, each as what it is: identity, meters, supplies, trays. Whatever
  else a device serves is refused, so jobs, users, address books and logs are; those are refused by name, whoever the vendor is.
- A document may hold more than it is listed for: who to call stands beside the serial number. So a text goes out only from a place
  whose names say that it is this text, and nothing from a place whose names tell of people, networks or secrets. Of meters,
  supplies and trays only numbers go out, but for the words of a supply or tray, from which names are removed.

Where the documents are from: docs/decisions/0033-web-documents-are-data.md.
"""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from appliance.reading.definitions.document_schema import WebDocumentSpec
from appliance.reading.sources.document_tree import Pointer, words_of

DocumentMeaning = Literal["identity", "meters", "supplies", "trays"]

_DOCUMENTS: Final[Mapping[int, Mapping[DocumentMeaning, str]]] = {
    11: {  # HP: LEDM, and the interface that replaces it
        "identity": "/DevMgmt/ProductConfigDyn.xml /cdm/system/v1/identity /cdm/system/v2/identity",
        "meters": "/DevMgmt/ProductUsageDyn.xml /cdm/deviceUsage/",
        "supplies": "/DevMgmt/ConsumableConfigDyn.xml /cdm/supply/v1/suppliesPublic /cdm/supply/v2/suppliesPublic",
        "trays": "/DevMgmt/MediaHandlingDyn.xml",
    },
    236: {  # Samsung
        "identity": "/sws/app/information/home/ /sws/app/information/identity/ /sws/app/information/counters/",
        "meters": "/sws/app/information/counters/",
        "supplies": "/sws/app/information/home/ /sws/app/information/supplies/",
        "trays": "/sws/app/information/home/",
    },
    2435: dict.fromkeys(("identity", "meters", "supplies"), "/etc/mnt_info.csv"),  # Brother
    32473: dict.fromkeys(("identity", "meters", "supplies", "trays"), "/"),  # the number for examples (RFC 5612): no device has it
}
"""By enterprise number the documents of each meaning; one that ends with a slash is a folder."""


def _told(words: str, what: str) -> dict[str, str]:
    return dict.fromkeys(words.split(), what)


_NEVER: Final[Mapping[str, str]] = {
    **_told("job jobs queue queues spool", "jobs"),
    **_told("user users account accounts accounting login person persons people owner", "users"),
    **_told("address addresses addr book contact contacts destination destinations", "address books"),
    **_told("phone telephone tel email mail recipient recipients sender senders", "address books"),
    **_told("log logs logging history journal", "logs"),
    **_told("password passwords passwd pass pwd pin secret secrets community token credential", "secrets"),
    **_told("admin administrator security certificate", "administration"),
    **_told("ip ipv mac dns domain ssid wifi wireless network snmp ldap smtp gateway remote", "networks"),
}
"""Words that no path and no pointer has, and what they tell of."""
_NEVER_IN_PATHS: Final[Mapping[str, str]] = {
    **_told("event events", "logs"),
    **_told("reset restart reboot delete format exec cgi command print upload install", "commands"),
}
"""Words that no path has; in a document they count what was printed, and paper jams."""
_LONG = 5
"""Letters from which on a word is found within another one: `adminphone`."""

_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "device.serial": frozenset({"serial"}),
    "device.firmware": frozenset({"firmware", "fw", "version", "revision"}),
    "device.description": frozenset({"model"}),
    "device.location": frozenset({"location"}),
    "device.hostname": frozenset({"host", "node"}),
    "device.asset_number": frozenset({"asset"}),
    "serial": frozenset({"serial"}),
    "part_number": frozenset({"part", "product", "selectability", "selectibility", "sku", "id"}),
    "description": frozenset({"description", "name", "part", "product", "selectability", "selectibility", "number"}),
    "name": frozenset({"name", "tray", "description"}),
    "media": frozenset({"media", "paper", "size"}),
}
"""By item the words of which a pointer has one: a text goes out from where it is said to be this text."""


def why_not(spec: WebDocumentSpec, enterprises: frozenset[int]) -> Iterator[tuple[str, str]]:
    """Yield what a definition of these enterprise numbers may not ask of a document: the path of its key, and why."""
    names = tuple(spec.path.split("/")[1:])
    if told := _forbidden(names) or next((_NEVER_IN_PATHS[word] for word in words_of(names) if word in _NEVER_IN_PATHS), None):
        yield "path", f"documents of {told} are never asked for"
        return
    meanings = meanings_of(spec.path, enterprises)
    if not meanings:
        known = ", ".join(sorted({each for number in enterprises for each in _listed(number)})) or "none"
        reason = f"it is not among the documents of identity, meters and supplies that are known of this vendor ({known})"
        yield "path", f"{reason}; others come with a new version of the appliance"
        return
    yield from _why_not_given(spec, meanings)
    for key, pointer, item in pointers_of(spec):
        if told := _forbidden(pointer):
            yield key, f"{'/'.join(pointer)} tells of {told}: that is never asked for"
        elif item in _WORDS and not _WORDS[item] & set(words_of(pointer)):
            wanted = " or ".join(sorted(_WORDS[item]))
            yield key, f"{item} is a text, and none of the names in {'/'.join(pointer)!r} says {wanted}: it may be any text"


def meanings_of(path: str, enterprises: frozenset[int]) -> frozenset[DocumentMeaning]:
    """Return what a document of these enterprise numbers is listed as; nothing where it is not."""
    return frozenset(
        meaning
        for number in enterprises
        for meaning, places in _DOCUMENTS.get(number, {}).items()
        if any(path == place or (place.endswith("/") and path.startswith(place)) for place in places.split())
    )


def pointers_of(spec: WebDocumentSpec) -> Iterator[tuple[str, Pointer, str]]:
    """Yield each pointer: the path of its key, the names from the root of the document, and the item or part it tells."""
    for number, each in enumerate(spec.fields):
        yield from ((f"field.{number}.at", pointer, each.gives) for pointer in each.at)
        yield from ((f"field.{number}.sum", pointer, each.gives) for pointer in each.sum)
    lists = (
        *((f"supply.{number}", each.each, each.at) for number, each in enumerate(spec.supplies)),
        *((f"tray.{number}", each.each, each.at) for number, each in enumerate(spec.trays)),
    )
    for key, start, at in lists:
        for name, pointers in at:
            yield from ((f"{key}.at.{name}", (*start, *pointer), name) for pointer in pointers)


def _why_not_given(spec: WebDocumentSpec, meanings: frozenset[DocumentMeaning]) -> Iterator[tuple[str, str]]:
    """Yield what is given that the document is not listed for."""
    needed: list[tuple[str, DocumentMeaning, str]] = []
    for number, each in enumerate(spec.fields):
        needed.append((f"field.{number}.gives", "identity" if each.gives.startswith("device.") else "meters", each.gives))
    needed += [(f"supply.{number}", "supplies", "a supply") for number in range(len(spec.supplies))]
    needed += [(f"tray.{number}", "trays", "a tray") for number in range(len(spec.trays))]
    for key, meaning, item in needed:
        if meaning not in meanings and not (item.startswith("misc.") and "supplies" in meanings):
            yield key, f"{item} takes a document of {meaning}, and {spec.path} is one of {' and '.join(sorted(meanings))}"


def _listed(number: int) -> Iterator[str]:
    for places in _DOCUMENTS.get(number, {}).values():
        yield from places.split()


def _forbidden(names: Pointer) -> str | None:
    """Return what names tell of that is never asked for; None for nothing."""
    words = list(words_of(names))
    for each, told in _NEVER.items():
        if any(each == word or (len(each) >= _LONG and each in word) for word in words):
            return told
    return None
