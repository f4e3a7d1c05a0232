"""From the objects of a device to its reading. Pure: the same objects give the same reading."""

from datetime import datetime

from appliance.reading import identity, supplies
from appliance.reading import objects as mib
from appliance.reading.alerts import read_alerts
from appliance.reading.meters import read_markers, read_meters
from appliance.reading.status import error_octets, read_status
from appliance.reading.trays import read_trays
from appliance.reading.view import View, integer, text
from appliance.report import Device, Reading, Supply
from appliance.snmp.values import Objects

_COLORS = frozenset({"cyan", "magenta", "yellow", "tri-color"})
_COLORING = frozenset({"toner", "ink", "inkCartridge", "inkRibbon", "solidWax", "tonerCartridge", "matteToner", "matteInk"})


def build_reading(
    objects: Objects, address: str, *, taken_at: datetime, hostname: str | None = None, partial: str | None = None
) -> Reading:
    """Return what the device at `address` said.

    Never raises for what a device sent: what cannot be understood is null, and `Reading.reasons` says why. `hostname` is the name
    the site knows the address by, used when the device has none of its own; `partial` is why its answer is not whole,
    kept as the reason "reading".
    """
    view = View(objects)
    alerts = read_alerts(view, taken_at)
    rows = supplies.read_supplies(view, alerts, identity.enterprise(view))
    meters = read_meters(view)
    who = identity.identify(view, address)
    device = _device(view, who, address, rows.rows, hostname)
    return Reading(
        taken_at=taken_at,
        device=device,
        status=read_status(view, alerts),
        alerts=tuple(row.alert for row in alerts),
        meters=meters.values,
        supplies=tuple(rows.rows),
        trays=tuple(read_trays(view)),
        misc=_misc(view, who.network_firmware),
        reasons=_reasons(device, who) | meters.reasons | rows.reasons | ({"reading": partial} if partial else {}),
    )


def _device(view: View, who: identity.Identity, address: str, rows: list[Supply], hostname: str | None) -> Device:
    return Device(
        key=identity.device_key(who.manufacturer, who.serial, who.mac, address),
        ip=address,
        hostname=text(view.system(mib.SYS_NAME)) or hostname,
        mac=who.mac,
        manufacturer=who.manufacturer,
        model=who.model,
        description=who.description,
        serial=who.serial,
        location=text(view.system(mib.SYS_LOCATION)),
        firmware=who.firmware,
        color=prints_color(view, rows),
    )


def _reasons(device: Device, who: identity.Identity) -> dict[str, str]:
    """Return why a field of `device` is null, for each that is."""
    reasons = who.reasons | {"asset_number": identity.NOT_STANDARD}
    return {
        f"device.{name}": reasons.get(name, identity.NOT_REPORTED) for name in Device.model_fields if getattr(device, name) is None
    }


def prints_color(view: View, rows: list[Supply]) -> bool | None:
    """Return whether the device prints colour: by prtMarkerProcessColorants, else by the colours of its toners or inks.

    None when neither tells. A device whose every toner is known to be black prints mono.
    """
    colorants = [marker.colorants for marker in read_markers(view) if marker.colorants]
    colors = [row.color for row in rows if row.type in _COLORING or row.type == "unknown"]
    if any(count > 1 for count in colorants) or _COLORS.intersection(filter(None, colors)):
        return True
    if colorants:
        return False
    inks = [row.color for row in rows if row.type in _COLORING]
    return False if inks and set(inks) == {"black"} else None


def _misc(view: View, network_firmware: str | None) -> dict[str, object]:
    up_time = integer(view.system(mib.SYS_UP_TIME))
    errors = error_octets(view)
    power_on = [integer(value) for value in view.rows(mib.PRT_MARKER_POWER_ON_COUNT).values()]
    found = {
        "uptime_seconds": up_time // 100 if up_time is not None and up_time >= 0 else None,
        "config_changes": integer(view.scalar(mib.PRT_GENERAL_CONFIG_CHANGES)),
        "power_on_count": power_on[0] if len(power_on) == 1 and power_on[0] is not None and power_on[0] >= 0 else None,
        "printer_name": view.localized(view.scalar(mib.PRT_GENERAL_PRINTER_NAME)),
        "network_firmware": network_firmware,
        "error_state": errors.hex() if any(errors) else None,
    }
    return {name: value for name, value in found.items() if value is not None}
