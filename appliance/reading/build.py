"""From the objects of a device to its reading. Pure: the same objects give the same reading."""

from datetime import datetime

from appliance.reading.definitions.definitions import Definitions, builtin_definitions
from appliance.reading.definitions.vendor import Vendor, read_vendor
from appliance.reading.identity import identity
from appliance.reading.identity.placeholders import is_no_value, meant
from appliance.reading.meters.meters import Meters, read_meters
from appliance.reading.missing import Missing
from appliance.reading.sources import objects as mib
from appliance.reading.stand_ins import leave_out_stand_ins, unread_items
from appliance.reading.status.alerts import read_alerts
from appliance.reading.status.status import error_octets, read_status
from appliance.reading.supplies.colors import color_named
from appliance.reading.supplies.supplies import COLORED, read_supplies
from appliance.reading.supplies.supply_join import join_supplies
from appliance.reading.supplies.trays import read_trays
from appliance.reading.view import View, integer, text
from appliance.report import Device, Reading, Supply
from appliance.report.device_keys import device_key
from appliance.snmp.values import Objects

WHOLE = Missing()
_COLORS = frozenset({"cyan", "magenta", "yellow", "tri-color"})


def build_reading(
    objects: Objects,
    address: str,
    *,
    taken_at: datetime,
    hostname: str | None = None,
    missing: Missing = WHOLE,
    definitions: Definitions | None = None,
) -> Reading:
    """Return what the device at `address` said.

    Never raises for what a device sent: what cannot be understood is null, and `Reading.reasons` says why. `hostname` is the name
    the site knows the address by, used when the device has none of its own. `missing` is what could not be read; where alerts or
    supplies may be missing for it, the reason "reading" says why. `definitions` are the vendor definitions in force, the built-in
    ones by default.
    """
    known = definitions or builtin_definitions()
    view = View(objects, guesses=missing.stopped is None)
    vendor = read_vendor(view, known)
    alerts = read_alerts(view, taken_at)
    supplies = read_supplies(vendor, alerts)
    join_supplies(supplies, vendor)
    meters = read_meters(vendor)
    _leave_out_parts(meters, missing)
    who = identity.identify(vendor, address, known.makers)
    leave_out_stand_ins(vendor, missing, who, meters)
    color = prints_color(view, supplies.rows, meters)
    device, sources = _device(vendor, who, address, hostname, color=color)
    reasons = _reasons(device, who) | meters.reasons | supplies.reasons | _unread_levels(supplies.rows, view, missing)
    not_whole = missing.why_not_whole()
    status, misc = read_status(vendor, alerts), _misc(vendor, who)
    said = {*(f"meters.{name}" for name in meters.values), *(f"misc.{name}" for name in misc)}
    said |= {"status.console"} if status.console else set()
    reasons |= {path: why for path, why in unread_items(vendor, missing).items() if path not in said}
    return Reading(
        taken_at=taken_at,
        device=device,
        status=status,
        alerts=tuple(row.alert for row in alerts),
        meters=meters.values,
        supplies=tuple(supplies.rows),
        trays=tuple(read_trays(view)),
        misc=misc,
        reasons=missing.corrected(reasons, vendor) | ({"reading": not_whole} if not_whole else {}),
        sources=sources,
    )


def _device(
    vendor: Vendor, who: identity.Identity, address: str, hostname: str | None, *, color: bool | None
) -> tuple[Device, dict[str, str]]:
    """Return the device, and by dotted path from where its fields come."""
    view = vendor.view
    sources = {f"device.{name}": source for name, source in who.sources.items()}

    def given(name: str, standard: str | None, source: str) -> str | None:
        """Return the standard value of a field, else the vendor's; what only says that there is none is none."""
        found = vendor.best(f"device.{name}")
        told = [(standard, source)] if found is None else [(standard, source), (str(found.value), found.source)]
        for value, place in told:
            if value and not is_no_value(value):
                sources[f"device.{name}"] = place
                return value
        if any(value for value, _ in told):
            who.reasons[name] = identity.PLACEHOLDER
        return None

    device = Device(
        key=device_key(who.manufacturer, who.serial, who.mac, address),
        ip=address,
        hostname=given("hostname", text(view.system(mib.SYS_NAME)), mib.SYS_NAME.source((0,))) or hostname,
        mac=who.mac,
        manufacturer=who.manufacturer,
        model=who.model,
        description=who.description,
        serial=who.serial,
        asset_number=given("asset_number", None, ""),
        location=given("location", text(view.system(mib.SYS_LOCATION)), mib.SYS_LOCATION.source((0,))),
        firmware=who.firmware,
        color=color,
    )
    return device, sources


def _reasons(device: Device, who: identity.Identity) -> dict[str, str]:
    """Return why a field of `device` is null, for each that is."""
    return {
        f"device.{name}": who.reasons.get(name, identity.NOT_REPORTED)
        for name in Device.model_fields
        if getattr(device, name) is None
    }


def _leave_out_parts(meters: Meters, missing: Missing) -> None:
    """Take the total out where one of the markers it adds up could not be read."""
    total = meters.values.get("total")
    why = missing.why([mib.PRT_MARKER_LIFE_COUNT.oid])
    if why and total is not None and total.source.startswith(mib.PRT_MARKER_LIFE_COUNT.name):
        del meters.values["total"]
        meters.reasons["meters.total"] = why


def _unread_levels(rows: list[Supply], view: View, missing: Missing) -> dict[str, str]:
    """Return by dotted path why levels are null that could not be read."""
    found: dict[str, str] = {}
    level, device = mib.PRT_MARKER_SUPPLIES_LEVEL, view.device_in(mib.PRT_MARKER_SUPPLIES_LEVEL)
    for row in rows:
        index = row.index.split(".")
        if row.level is None and all(map(str.isdecimal, index)):
            why = missing.why([level.instance(device, *map(int, index))])
            found |= {f"supplies.{row.index}.level": why} if why else {}
    return found


def prints_color(view: View, rows: list[Supply], meters: Meters) -> bool | None:
    """Return whether the device prints colour: by prtMarkerProcessColorants, else by its supplies, its colorants or its meters.

    None when none of them tells. A device whose every toner is known to be black prints mono.
    """
    colorants = [count for value in view.rows(mib.PRT_MARKER_PROCESS_COLORANTS).values() if (count := integer(value) or 0) > 0]
    colors = [row.color for row in rows]
    if any(count > 1 for count in colorants) or _COLORS.intersection(filter(None, colors)):
        return True
    if colorants:
        return False
    listed = {color_named(view.localized(value)) for value in view.rows(mib.PRT_MARKER_COLORANT_VALUE).values()}
    if _COLORS & listed:
        return True
    if any(name.endswith("_color") and meter.value > 0 for name, meter in meters.values.items()):
        return True
    inks = [row.color for row in rows if row.type in COLORED]
    return False if inks and set(inks) == {"black"} else None


def _misc(vendor: Vendor, who: identity.Identity) -> dict[str, object]:
    view = vendor.view
    up_time = integer(view.system(mib.SYS_UP_TIME))
    errors = error_octets(view)
    power_on = [integer(value) for value in view.rows(mib.PRT_MARKER_POWER_ON_COUNT).values()]
    found = {
        "uptime_seconds": up_time // 100 if up_time is not None and up_time >= 0 else None,
        "config_changes": integer(view.scalar(mib.PRT_GENERAL_CONFIG_CHANGES)),
        "power_on_count": power_on[0] if len(power_on) == 1 and power_on[0] is not None and power_on[0] >= 0 else None,
        "printer_name": meant(vendor.texts.printer_name or None),
        "network_firmware": who.network_firmware,
        "engine_maker": who.engine_maker,
        "error_state": errors.hex() if any(errors) else None,
    }
    for target in vendor.given:
        section, _, name = target.partition(".")
        best = vendor.best(target)
        if section == "misc" and best is not None and found.get(name) is None:
            found[name] = best.value
    return {name: value for name, value in found.items() if value is not None}
