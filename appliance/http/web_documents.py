"""The web documents that definitions name: which of them a device is asked for, where they are, and which it does not have.

- Only what may have something that is open is asked for, by GET, at the device itself.
- Documents come in families. Where the first two of a family are not at a port, the others of it are not asked for there; where one
  family answers, no other one of the same definition is tried. What is nowhere is left alone for a day.
- A device that answers neither SNMP nor IPP is known by the first page of its web server: where that names no maker that has
  documents, nothing else is asked. That is one request for whatever is no printer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from appliance.http.errors import HttpError, RefusedError, SilentError
from appliance.http.place import Place
from appliance.http.shut_ports import DAY, ShutPorts
from appliance.http.visit import HttpAnswer, Visit
from appliance.reading.definitions.definitions import Definition, Definitions
from appliance.reading.definitions.document_schema import WebDocumentSpec
from appliance.reading.definitions.patterns import fits
from appliance.reading.parts import OpenItems, Parts
from appliance.reading.sources.document_tree import DocumentError
from appliance.report import Access, Reading
from appliance.snmp.values import Oid

_BUSY = 503
_MOST_ABSENT = 2
"""Documents of a family that are not at a port, before the others are not asked for there."""
_FIRST_PAGE = 1 << 16
"""Octets of a first page that are looked at."""
_REMEMBERED = 20_000
"""What is remembered at most; beyond, it starts anew."""

Key = TypeVar("Key")
Value = TypeVar("Value")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Described:
    """What a reading says by which definitions are found."""

    descriptions: tuple[str, ...]
    maker_names: tuple[str, ...]
    sys_object_id: Oid | None = None
    answering: frozenset[int] = frozenset()


def documents_for(reading: Reading, definitions: Definitions, sys_object_id: Oid | None = None) -> list[WebDocumentSpec]:
    """Return the documents a device may have, in the order of its definitions; nothing of the device is asked for this.

    `sys_object_id` is what it has answered over SNMP: that decides, as it does for objects, before the maker its texts name.
    """
    device = reading.device
    descriptions = tuple(filter(None, (device.description, device.model)))
    makers = tuple(filter(None, (device.manufacturer, reading.misc.get("engine_maker"), *descriptions)))
    applying = definitions.applying_to(_Described(descriptions, makers, sys_object_id))
    return [
        document
        for each in applying
        for document in each.content.web_documents
        if fits(document.model, document.not_model, descriptions)
    ]


def may_answer(document: WebDocumentSpec, wanted: OpenItems) -> bool:
    """Return whether a document may have something of what is wanted."""
    serials = any(supply.at.serial for supply in document.supplies)
    answers = {
        "serial": document.gives("device.serial"),
        "firmware": document.gives("device.firmware"),
        "total": document.gives("meters.total"),
        "total_mono": document.gives("meters.total_mono"),
        "total_color": document.gives("meters.total_color"),
        "supplies": bool(document.supplies),
        "levels": bool(document.supplies),
        "cartridge_serials": serials,
    }
    return any(getattr(wanted, name) for name, gives in answers.items() if gives)


async def ask_for(visit: Visit, documents: Sequence[WebDocumentSpec], port: int) -> tuple[dict[str, Parts], HttpError | None]:
    """Return what a device says at `port`, by document; one it does not have there, or not for us, is missing.

    The other is why something is missing that may be there soon: the device points elsewhere, is busy or does not answer.
    """
    found: dict[str, Parts] = {}
    failure: HttpError | None = None
    absent = 0
    for document in documents:
        if absent >= _MOST_ABSENT and not found:
            break
        try:
            answer = await visit.get(document.path, port=port)
        except (RefusedError, SilentError) as error:
            failure = error
            break
        except HttpError as error:
            # A document that cannot be used says nothing of the others.
            failure, absent = error, absent + 1
            continue
        if answer.status == _BUSY:
            failure = HttpError(f"{visit.host} is too busy for its documents.")
        parts = _parts(answer, document) if answer.status == 200 else None
        if parts is None:
            absent += 1
        else:
            found[document.name] = parts
    return found, failure


def _parts(answer: HttpAnswer, document: WebDocumentSpec) -> Parts | None:
    """Return what a document says, None where it is another one or says nothing."""
    from appliance.reading.sources.web_documents import parts_of_document  # noqa: PLC0415 - loaded with the first device, not with the program

    try:
        parts = parts_of_document(answer.body, document)
    except DocumentError as error:
        log.debug("a document could not be read", document=document.name, reason=str(error))
        return None
    says = parts.device or parts.meters or parts.supplies or parts.trays or document.needs or document.root
    return replace(parts, access=Access(http=answer.over)) if says else None


class WebDocuments:
    """Asks for documents. Made once, it remembers which ports are shut, which documents are nowhere, and what first pages say."""

    def __init__(self, shut: ShutPorts, clock: Callable[[], float]) -> None:
        self._shut = shut
        self._clock = clock
        self._absent: dict[tuple[str, str], float] = {}
        self._families: dict[str, str] = {}
        """By the name of a place the family that has answered."""
        self._known_by: dict[str, tuple[str, int]] = {}
        """By the name of a place the document by which a device without SNMP and IPP was known, and its port."""

    def knows(self, place: Place) -> bool:
        """Return whether a device without SNMP and IPP was known by a document the last time."""
        return place.name in self._known_by

    async def complete(
        self, visit: Visit, place: Place, documents: Sequence[WebDocumentSpec], wanted: OpenItems, *, preferred: bool
    ) -> list[Parts]:
        """Return what documents say of what is wanted, of those that are `preferred` or of the others.

        What one port does not have, the next one may. Raises HttpError where none says anything, and that may change soon.
        """
        failure: HttpError | None = None
        families = list(dict.fromkeys(document.family for document in documents))
        answering = self._families.get(place.name)
        for family in [answering] if answering in families else families:
            asked = [each for each in documents if each.family == family and each.prefer is preferred]
            missing = [each for each in asked if self._is_wanted(place, each, wanted)]
            if not missing:
                continue
            try:
                found = await self._family(visit, place, missing)
            except HttpError as error:
                failure = error
                continue
            if found:
                _note(self._families, place.name, missing[0].family)
                return found
            if family == answering:
                del self._families[place.name]
        if failure:
            raise failure
        return []

    async def identify(self, visit: Visit, place: Place, definitions: Definitions) -> Parts | None:
        """Return what a device says that answers neither SNMP nor IPP, None where it has no document that tells who it is.

        Raises HttpError where it cannot be asked.
        """
        failure: HttpError | None = None
        for port in self._shut.open(visit.address, place.web_ports):
            try:
                identities, whole = await self._identities(visit, place, port, definitions)
                for each, document in identities:
                    said, failed = await ask_for(visit, [document], port)
                    failure = failed or failure
                    parts = said.get(document.name)
                    if parts is not None and parts.device.get("description"):
                        _note(self._known_by, place.name, (document.name, port))
                        return _with_maker(parts, each, definitions)
                if whole and not identities:
                    break
            except (RefusedError, SilentError) as error:
                self._shut.after(visit.address, port, error)
                failure = error
            except HttpError as error:
                failure = error
        self._known_by.pop(place.name, None)
        if failure:
            raise failure
        return None

    async def _identities(
        self, visit: Visit, place: Place, port: int, definitions: Definitions
    ) -> tuple[list[tuple[Definition, WebDocumentSpec]], bool]:
        """Return the documents by which the device may be known: that of the last time, else those its first page names.

        The other is whether there is a first page at this port: then no other port has a better one.
        """
        known = list(_identifying(definitions))
        if remembered := self._known_by.get(place.name):
            return [pair for pair in known if (pair[1].name, port) == remembered], False
        answer = await visit.get("/", port=port)
        page = f"{answer.server} {answer.location} {answer.body[:_FIRST_PAGE].decode(errors='replace')}"
        named = [pair for pair in known if any(text in page for text in pair[0].content.match.web)]
        return named, answer.status == 200

    async def _family(self, visit: Visit, place: Place, documents: Sequence[WebDocumentSpec]) -> list[Parts]:
        """Return what the documents of a family say. Raises HttpError where none is, and that may change soon."""
        missing, found = list(documents), list[Parts]()
        failure: HttpError | None = None
        without: list[int] = []
        ports = self._shut.open(visit.address, place.web_ports)
        for port in ports:
            said, failed = await ask_for(visit, missing, port)
            if isinstance(failed, RefusedError | SilentError) and not said:
                self._shut.after(visit.address, port, failed)
            if failed and not isinstance(failed, RefusedError):
                failure = failed
            if not said and not isinstance(failed, RefusedError | SilentError):
                without.append(port)
            found += said.values()
            missing = [document for document in missing if document.name not in said]
            if not missing:
                break
        if found:
            for port in without:
                self._shut.shut(visit.address, port, DAY)
        elif failure:
            raise failure
        for document in missing if ports and not failure else ():
            _note(self._absent, (place.name, document.name), self._clock() + DAY)
        return found

    def _is_wanted(self, place: Place, document: WebDocumentSpec, wanted: OpenItems) -> bool:
        return may_answer(document, wanted) and self._absent.get((place.name, document.name), 0.0) <= self._clock()


def _identifying(definitions: Definitions) -> Iterator[tuple[Definition, WebDocumentSpec]]:
    """Yield the documents that say who a device is, of definitions that say by which first page it is known."""
    for each in definitions.definitions:
        for document in each.content.web_documents if each.content.match.web else ():
            if document.gives("device.description"):
                yield each, document


def _with_maker(parts: Parts, definition: Definition, definitions: Definitions) -> Parts:
    """Return `parts` with the maker of their definition, where what the device calls itself names none."""
    if definitions.makers.leading(parts.device["description"]):
        return parts
    return replace(parts, device_id={"MFG": definition.content.brands[0].name, "MDL": parts.device["description"]})


def _note(kept: dict[Key, Value], key: Key, value: Value) -> None:
    """Keep something, of a bounded number."""
    if len(kept) >= _REMEMBERED:
        kept.clear()
    kept[key] = value
