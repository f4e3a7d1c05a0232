"""Reading one device: what is asked for, and in which order.

A small probe tells the vendor, unless a sweep has just asked it. Then everything is asked for at once: the standard objects of the
printer that nearly every device has at hrDeviceIndex 1, and the private ones of its vendor. Only what the answer leaves open is
asked for after that: another index, the colorants of supplies whose description names no colour, the character set of a text that
is not plain ASCII. Nothing is asked for that the definitions in force do not allow.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from appliance.reading.build import build_reading
from appliance.reading.definitions.definitions import Definitions, builtin_definitions
from appliance.reading.definitions.questions import LEVELS, questions
from appliance.reading.definitions.vendor import Vendor, read_vendor
from appliance.reading.identity.descriptions import telling_objects
from appliance.reading.identity.identity import (
    has_standard_model,
    interface_is_open,
    is_padded,
    is_told_by_texts,
    knows_maker,
    mac_address,
    standard_firmware,
    standard_serial,
)
from appliance.reading.identity.placeholders import meant
from appliance.reading.meters.meters import read_standard_meters
from appliance.reading.missing import Missing
from appliance.reading.polling import changing, counts_alerts, merged, needs_alerts, why_not_enough
from appliance.reading.snapshot import Snapshot
from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.reading.status.status import read_console
from appliance.reading.supplies.supplies import has_colorless_rows, has_open_levels
from appliance.reading.view import View, integer, text
from appliance.report import Reading
from appliance.snmp.faults import NOT_VALID
from appliance.snmp.follow_up import Following, More
from appliance.snmp.values import Objects, Oid, Value

_ROUNDS = 4
"""Exchanges a device may need at most: everything, what that left open, the private objects of a maker found late, and what a newly
found index brings."""


_MOSTLY_TOLD = (
    *("device.serial", "device.model", "device.device_id", "device.firmware", "device.location", "device.hostname"),
    *("status.console", "meters.total", LEVELS),
)
"""Items that the standard objects of most devices tell: what a definition has for them waits until that is known."""


_COLORANTS = (mib.PRT_MARKER_SUPPLIES_COLORANT_INDEX, mib.PRT_MARKER_COLORANT_VALUE)


class AgentAddress(Protocol):
    """Where a device answers."""

    @property
    def address(self) -> str:
        """The IP address that is asked."""
        ...


class Asks(Protocol):
    """What this module needs of `appliance.snmp.client.Session`."""

    @property
    def agent(self) -> AgentAddress:
        """The agent that is asked."""
        ...

    @property
    def partial(self) -> str | None:
        """Why the last answer is not whole, or None."""
        ...

    @property
    def stopped(self) -> bool:
        """Whether the device could not be asked any further."""
        ...

    @property
    def faults(self) -> Mapping[Oid, str]:
        """What could not be read, with the reason: scalars, cells, and columns that were not read to their end."""
        ...

    async def get(self, oids: Sequence[Oid]) -> Objects:
        """Return those of `oids` that exist."""
        ...

    async def fetch(
        self,
        scalars: Sequence[Oid],
        columns: Sequence[Oid],
        *,
        seldom: Collection[Oid] = ...,
        rows: Mapping[Oid, Sequence[Oid]] | None = ...,
        following: Following | None = ...,
        max_rows: int = ...,
    ) -> Objects:
        """Return the objects that exist; see `appliance.snmp.session.Session.fetch`."""
        ...


@dataclass(slots=True)
class Questions:
    """What is still to be asked: instances, and columns to walk."""

    scalars: list[Oid] = field(default_factory=list)
    columns: list[Oid] = field(default_factory=list)

    def without(self, asked: set[Oid]) -> "Questions":
        """Return the questions that are not in `asked`, each once."""
        return Questions(
            [oid for oid in dict.fromkeys(self.scalars) if oid not in asked],
            [oid for oid in dict.fromkeys(self.columns) if oid not in asked],
        )

    def among(self, definitions: Definitions) -> "Questions":
        """Return the questions that may be asked."""
        return Questions(
            [oid for oid in self.scalars if definitions.allows(oid)], [oid for oid in self.columns if definitions.allows(oid)]
        )

    def unlikely(self) -> list[Oid]:
        """Return those that most devices have nothing for."""
        return [oid for oid in (*self.scalars, *self.columns) if oid in mib.SELDOM or mib.is_private(oid)]

    def __bool__(self) -> bool:
        return bool(self.scalars or self.columns)


@dataclass(frozen=True, slots=True)
class PollResult:
    """What a visit brought: the reading, and what the next visit need not ask again (None where the answer was not whole)."""

    reading: Reading
    snapshot: Snapshot | None


async def read_device(
    session: Asks,
    *,
    taken_at: datetime,
    hostname: str | None = None,
    definitions: Definitions | None = None,
    probed: Objects | None = None,
) -> Reading:
    """Ask the device of `session` for all its items and return its reading; see `visit_device`."""
    said = await visit_device(session, taken_at=taken_at, hostname=hostname, definitions=definitions, probed=probed)
    return said.reading


async def visit_device(
    session: Asks,
    *,
    taken_at: datetime,
    hostname: str | None = None,
    definitions: Definitions | None = None,
    probed: Objects | None = None,
) -> PollResult:
    """Ask the device of `session` for all its items.

    `definitions` are the vendor definitions in force, the built-in ones by default; `probed` is what the device has just said to
    `objects.PROBE`. Raises NoAnswerError when it does not answer, SnmpError when its answers cannot be used.
    """
    address = session.agent.address
    known = definitions or builtin_definitions()
    objects: dict[Oid, Value] = dict(await session.get(mib.PROBE) if probed is None else probed)
    asked: set[Oid] = set(mib.PROBE)
    questions = first_questions(address, objects, known)

    def following(found: Objects) -> More:
        view = View({**objects, **found})
        more = certain_questions(view, address).without(asked).among(known)
        asked.update(more.scalars, more.columns)
        return More(more.scalars, more.columns, likely_rows(view) if more.columns else {})

    for _ in range(_ROUNDS):
        questions = questions.without(asked).among(known)
        if session.stopped or not questions:
            break
        asked.update(questions.scalars, questions.columns)
        unlikely = questions.unlikely()
        objects.update(await session.fetch(questions.scalars, questions.columns, seldom=unlikely, following=following))
        questions = follow_up(objects, address, known)
    missing = what_is_missing(session)
    reading = build_reading(objects, address, taken_at=taken_at, hostname=hostname, missing=missing, definitions=known)
    return PollResult(reading, None if missing.stopped else Snapshot.of(objects, taken_at))


def what_is_missing(session: Asks) -> Missing:
    """Return what a visit could not read."""
    stopped = session.partial if session.stopped else None
    undecodable = frozenset(oid for oid, reason in session.faults.items() if reason == NOT_VALID)
    return Missing(stopped, frozenset(session.faults) - undecodable, undecodable)


async def poll_device(
    session: Asks, snapshot: Snapshot, *, taken_at: datetime, hostname: str | None = None, definitions: Definitions | None = None
) -> PollResult | None:
    """Ask the device of `session` for what changes; None when it has to be read in full, see `appliance.reading.polling`.

    Raises NoAnswerError when it does not answer, SnmpError when its answers cannot be used.
    """
    address = session.agent.address
    known = definitions or builtin_definitions()
    before = snapshot.objects()
    asked = changing(before, known)
    now = dict(await session.fetch(asked.scalars, asked.columns, rows=asked.rows))
    if session.stopped or not session.faults.keys().isdisjoint(asked.columns) or why_not_enough(before, now, asked):
        return None
    counted = snapshot.counts_alerts
    with_alerts = needs_alerts(before, now, counted=counted)
    if with_alerts:
        now |= await session.fetch([], [column.oid for column in mib.ALERT_COLUMNS], seldom=mib.SELDOM)
        counted = counted and counts_alerts(before, now)
    missing = what_is_missing(session)
    objects = merged(before, now, asked, with_alerts=with_alerts)
    reading = build_reading(objects, address, taken_at=taken_at, hostname=hostname, missing=missing, definitions=known)
    return PollResult(reading, None if missing.stopped else Snapshot.of(objects, snapshot.full_at, counts_alerts=counted))


def first_questions(address: str, probed: Objects | None = None, definitions: Definitions | None = None) -> Questions:
    """Return what a device is asked for that has answered no more than the probe."""
    known = definitions or builtin_definitions()
    vendor = read_vendor(View(probed or {}), known)
    scalars, columns = questions(vendor, _MOSTLY_TOLD)
    interface = mib.interface_of(address)
    standard = [*mib.SCALARS, *_device_id(vendor, known), *([interface] if interface else [])]
    return Questions([*standard, *scalars], [*mib.COLUMNS, *columns])


def certain_questions(view: View, address: str) -> Questions:
    """Return what a device that is still being read will be asked for in any case, whatever else it says."""
    questions = Questions()
    interface = mib.interface_of(address)
    row = integer(view.get(interface)) if interface else None
    if row and row > 0:
        questions.scalars.append(mib.IF_PHYS_ADDRESS.instance(row))
    if view.has_foreign_text():
        questions.scalars += _character_set(view)
    if has_colorless_rows(view, read=True):
        questions.columns += (column.oid for column in _COLORANTS)
    return questions


def likely_rows(view: View) -> dict[Oid, int]:
    """Return how many rows tables are likely to have, by what others say: as many colorants as any marker prints with."""
    counts = [integer(value) or 0 for value in view.rows(mib.PRT_MARKER_PROCESS_COLORANTS).values()]
    return {mib.PRT_MARKER_COLORANT_VALUE.oid[:-1]: max(counts)} if any(counts) else {}


def follow_up(objects: Objects, address: str, definitions: Definitions | None = None) -> Questions:
    """Return what a device should be asked for next, given what it said; some of it may have been asked already."""
    known = definitions or builtin_definitions()
    view = View(objects)
    vendor = read_vendor(view, known)
    scalars, columns = questions(vendor, tuple(_told_by_standard(vendor, known)))
    scalars = [*_device_id(vendor, known), *_open_scalars(view, address), *scalars]
    if not vendor.applying:
        # Neither sysObjectID nor a text names the maker: what answers where makers keep 1284 IDs and serial numbers tells.
        scalars += telling_objects(known.definitions)
    if not knows_maker(vendor, known.makers):
        columns.append(mib.PRT_INPUT_VENDOR_NAME.oid)
    return Questions(scalars, [*(column.oid for column in _open_columns(view, address)), *columns])


def _told_by_standard(vendor: Vendor, definitions: Definitions) -> Iterator[str]:
    """Yield the items the standard objects have told, for which a definition has only a stand-in."""
    view = vendor.view
    if (serial := standard_serial(view)) and not is_padded(serial):
        yield "device.serial"
    if has_standard_model(vendor, definitions.makers):
        yield "device.model"
        if vendor.texts.device_descr and any(map(definitions.makers.leading, vendor.texts.maker_names)):
            yield "device.device_id"
    if standard_firmware(view):
        yield "device.firmware"
    if meant(text(view.system(mib.SYS_LOCATION))):
        yield "device.location"
    if meant(text(view.system(mib.SYS_NAME))):
        yield "device.hostname"
    if read_console(view):
        yield "status.console"
    yield from (f"meters.{name}" for name in read_standard_meters(view).values)
    if not has_open_levels(view):
        yield LEVELS


def _device_id(vendor: Vendor, definitions: Definitions) -> Iterator[Oid]:
    if not is_told_by_texts(vendor, definitions.makers):
        yield mib.DEVICE_ID


def _open_scalars(view: View, address: str) -> Iterator[Oid]:
    for column in mib.PRINTER_SCALARS:
        if column not in (mib.HR_DEVICE_TYPE, mib.PRT_GENERAL_CURRENT_LOCALIZATION):
            yield view.instance(column)
    for device in sorted(view.split_devices()):
        # Whether there is another printer with this index decides whose the rows are.
        yield from (mib.PRT_GENERAL_CONFIG_CHANGES.instance(device), mib.PRT_GENERAL_SERIAL_NUMBER.instance(device))
    if view.has_foreign_text():
        yield from _character_set(view)
    serial = text(view.scalar(mib.PRT_GENERAL_SERIAL_NUMBER))
    if not serial or is_padded(serial):
        yield mib.ENT_PHYSICAL_SERIAL_NUM.instance(1)
    if view.instances(mib.ENT_PHYSICAL_FIRMWARE_REV) and standard_firmware(view) is None:
        yield mib.ENT_PHYSICAL_SOFTWARE_REV.instance(1)
    interface = mib.ip_address_if_index(address)
    if interface is not None and interface_is_open(view, address):
        yield interface


def _character_set(view: View) -> Iterator[Oid]:
    yield view.instance(mib.PRT_GENERAL_CURRENT_LOCALIZATION)
    current = integer(view.scalar(mib.PRT_GENERAL_CURRENT_LOCALIZATION)) or 1
    if current > 0:
        yield mib.PRT_LOCALIZATION_CHARACTER_SET.instance(view.device, current)


def _open_columns(view: View, address: str) -> Iterator[MibObject]:
    if not view.printer_devices() or view.split_devices():
        yield mib.HR_DEVICE_TYPE
    if not view.printer_devices() and not view.has_printer_mib():
        yield mib.HR_PRINTER_STATUS
    if not view.has_general_rows():
        yield mib.PRT_GENERAL_SERIAL_NUMBER
    if has_colorless_rows(view):
        yield from _COLORANTS
    trays = view.rows(mib.PRT_INPUT_CURRENT_LEVEL)
    names = view.rows(mib.PRT_INPUT_NAME)
    if any(not text(names.get(row)) for row in trays):
        yield mib.PRT_INPUT_DESCRIPTION
    if mac_address(view, address) is None or interface_is_open(view, address):
        yield mib.IF_PHYS_ADDRESS
    if interface_is_open(view, address):
        yield from (mib.IF_TYPE, mib.IF_OPER_STATUS)
