"""What would stand in for something that could not be read: it is left out. Pure.

A vendor's counter is the total because the panel and the bill show it; prtMarkerLifeCount beside it counts otherwise. Where the one
could not be read, the other is no total: it would rise and fall from reading to reading. So with a firmware that a free text names,
and with texts whose octets mean something only in a character set that was not read (`View.localized`).
"""

from collections.abc import Iterator

from appliance.common.message import Message
from appliance.reading.definitions.fields import METER_PREFIX
from appliance.reading.definitions.schema import DefinitionFile
from appliance.reading.definitions.vendor import Vendor
from appliance.reading.identity.identity import Identity
from appliance.reading.meters.meters import Meters
from appliance.reading.missing import NOT_READ, Missing
from appliance.reading.sources import objects as mib
from appliance.snmp.values import Oid

_FIRMWARE = "device.firmware"


def leave_out_stand_ins(vendor: Vendor, missing: Missing, who: Identity, meters: Meters) -> None:
    """Take out of `who` and `meters` what stands in for something that could not be read; the reasons say "not read"."""
    unread = dict(_unread(vendor, missing))
    if who.firmware is not None and _FIRMWARE in unread and not _is_by_object(vendor, who.sources["firmware"]):
        who.firmware = None
        del who.sources["firmware"]
        who.reasons["firmware"] = NOT_READ
    if who.manufacturer is not None and not any(vendor.texts.maker_names) and missing.why([mib.SYS_DESCR.instance(0)]):
        # By sysObjectID it is the maker of the engine; the text names who sells it.
        who.manufacturer = None
        who.reasons["manufacturer"] = NOT_READ
    for name in [name for name in meters.values if unread.get(f"{METER_PREFIX}{name}")]:
        if _is_preferred(vendor, meters.values[name].source):
            continue
        meter = meters.values.pop(name)
        meters.reasons[f"{METER_PREFIX}{name}"] = NOT_READ
        if not _is_by_object(vendor, meter.source):
            meters.values[f"marker_{name}"] = meter


def unread_items(vendor: Vendor, missing: Missing) -> dict[str, Message]:
    """Return why items outside `device` are not told, by dotted path, where what tells them could not be read by itself.

    A device that stopped answering has one reason for everything: there is nothing here then.
    """
    if missing.stopped or not (missing.unread or missing.undecodable):
        return {}
    objects = [(target, oids) for each in vendor.applying for target, _, oids in _sources(each.content, vendor)]
    console = ("status.console", (mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT.oid,))
    why = [(target, missing.why(oids)) for target, oids in [*objects, console] if not target.startswith("device.")]
    return {target: reason for target, reason in why if reason is not None and target not in vendor.given}


def _unread(vendor: Vendor, missing: Missing) -> Iterator[tuple[str, bool]]:
    """Yield the items an object gives that could not be read, and whether it comes before the standard object."""
    if not (missing.stopped or missing.unread or missing.undecodable):
        return
    for definition in vendor.applying:
        found: dict[str, bool] = {}
        for target, prefer, oid in _sources(definition.content, vendor):
            if _is_unread(vendor, missing, oid):
                found[target] = prefer or found.get(target, False)
        for spec in definition.content.sums:
            if any(part in found for part in spec.parts):
                found[spec.gives] = spec.prefer or found.get(spec.gives, False)
        yield from found.items()


def _sources(content: DefinitionFile, vendor: Vendor) -> Iterator[tuple[str, bool, tuple[Oid, ...]]]:
    """Yield what the objects of a definition give to this model, whether they prefer it, and where it stands."""
    for spec in content.objects:
        if spec.gives is not None and vendor.applies(spec):
            yield spec.gives, spec.prefer, spec.oid
    for table in content.tables:
        if vendor.applies(table):
            columns = [oid for oid in (table.columns.value, table.columns.key, table.columns.label) if oid is not None]
            yield from ((row.gives, row.prefer, (oid,)) for row in table.rows for oid in columns)
    for records in content.records:
        if vendor.applies(records):
            yield from ((entry.gives, entry.prefer, (records.oid,)) for entry in records.entries)


def _is_unread(vendor: Vendor, missing: Missing, oids: tuple[Oid, ...]) -> bool:
    """Return whether none of some objects or columns was read, though one of them may be there."""
    if any(vendor.view.below(oid) for oid in oids):
        return False
    return missing.stopped is not None or missing.why(oids) is not None


def _is_preferred(vendor: Vendor, source: str) -> bool:
    """Return whether a source is an object of the vendor that comes before all others, or a sum of objects."""
    preferred = {each.source for found in vendor.given.values() for each in found if each.prefer}
    return source in preferred or (" + " in source and _is_by_object(vendor, source))


def _is_by_object(vendor: Vendor, source: str) -> bool:
    """Return whether a source is an object of the vendor, or one of the Entity-MIB."""
    entity = (mib.ENT_PHYSICAL_FIRMWARE_REV.name, mib.ENT_PHYSICAL_SOFTWARE_REV.name)
    given = {each.source for found in vendor.given.values() for each in found}
    return source in given or source.startswith(entity) or any(part in given for part in source.split(" + "))
