"""The reading of a device that answers IPP and no SNMP. Pure.

- Maker and model are found as they are in what SNMP says: in the IEEE 1284 device ID, else in printer-make-and-model.
- The key is made as it always is, so that the device keeps it when SNMP is switched on: of the serial number, else of the
  address. A MAC address is not known.
"""

from dataclasses import replace
from datetime import datetime

from appliance.reading.build import prints_color
from appliance.reading.definitions.definitions import Definitions, builtin_definitions
from appliance.reading.definitions.vendor import Vendor
from appliance.reading.identity.descriptions import Texts
from appliance.reading.identity.identity import NOT_REPORTED, identify
from appliance.reading.meters.meters import Meters
from appliance.reading.parts import Parts
from appliance.reading.supplement import supplement
from appliance.reading.view import View
from appliance.report import Device, Reading
from appliance.report.device_keys import device_key

_NO_MODELS = frozenset({"Local Raw Printer", "Remote Printer", "Local Printer Class", "Remote Printer Class", "Unknown"})
"""What CUPS says in printer-make-and-model of a queue whose printer it does not know."""
_LONGEST = 1024
"""Of a text in a reading."""


def reading_of_parts(
    parts: Parts,
    address: str,
    *,
    taken_at: datetime,
    place: str | None = None,
    hostname: str | None = None,
    definitions: Definitions | None = None,
) -> Reading:
    """Return what the device at `address` has said over IPP alone; what it did not say is null, "not reported".

    `place` is the URI of the IPP target where it is one of several at that address; `hostname` is the name the site knows the
    address by; `definitions` are the vendor definitions in force, the built-in ones by default.
    """
    known = definitions or builtin_definitions()
    serial = parts.device.get("serial")
    device_id = {**parts.device_id, **({"SN": serial} if serial else {})}
    description = parts.device.get("description", "")
    texts = Texts(device_descr="" if description in _NO_MODELS else description, device_id=device_id)
    applying = known.applying_to(texts)
    who = identify(Vendor(View({}), texts, applying, known.quirks_of(applying)), address, known.makers)
    found = {name: getattr(who, name) for name in ("manufacturer", "model", "serial", "description")}
    told = {name: value and value[:_LONGEST] for name, value in found.items()}
    told["description"] = told["description"] or description or None
    device = Device(key=device_key(None, None, None, place or address), ip=address, hostname=hostname, **told)
    reasons = {
        f"device.{name}": who.reasons.get(name, NOT_REPORTED) for name in Device.model_fields if getattr(device, name) is None
    }
    reading = Reading(
        taken_at=taken_at,
        device=device,
        alerts=parts.alerts,
        misc={"engine_maker": who.engine_maker} if who.engine_maker else {},
        reasons=reasons | {"meters.total": NOT_REPORTED},
        sources={f"device.{name}": parts.source for name, value in told.items() if value},
    )
    others = {name: value for name, value in parts.device.items() if name not in told}
    completed = supplement(reading, replace(parts, device=others))
    status = completed.status.model_copy(update={"errors": parts.errors})
    return settled(completed.model_copy(update={"status": status}))


def settled(reading: Reading) -> Reading:
    """Return a reading without SNMP with what follows from all of its parts: its key, and whether the device prints colour."""
    device, reasons = reading.device, dict(reading.reasons)
    color = prints_color(View({}), list(reading.supplies), Meters(reading.meters))
    if color is not None:
        reasons.pop("device.color", None)
    # Without a serial number it stays the one it has, which tells devices of one address apart.
    key = device_key(device.manufacturer, device.serial, device.mac, device.ip or "") if device.serial or device.mac else device.key
    return reading.model_copy(update={"device": device.model_copy(update={"key": key, "color": color}), "reasons": reasons})
