"""From the attributes of IPP to parts of a reading. Pure; sources are named "IPP ATTRIBUTE".

- `printer-supply` (PWG 5100.13) says most; the `marker-…` attributes of CUPS stand in where it is missing.
- Levels are those of RFC 3805: -1 unrestricted, -2 unknown, -3 some remains; no percentage is made of them. Only the -1 of a
  marker is CUPS's own: it is not known, and becomes a -2.
- A single value counts as a list of one: printers with one marker often send just that.
- For a receptacle makers tell either what is in it or what still fits in, so its state is that of a receptacle of SNMP.
"""

import re
from collections.abc import Mapping

from appliance.privacy.people import scrub_text
from appliance.reading import enumerations as enum
from appliance.reading.identity.descriptions import parse_device_id
from appliance.reading.identity.placeholders import is_no_value, is_no_version, is_placeholder
from appliance.reading.parts import Parts
from appliance.reading.sources.ipp import IppAnswer, Value
from appliance.reading.sources.ipp_alerts import alerts_of_ipp
from appliance.reading.sources.ipp_meters import meters_of_ipp
from appliance.reading.sources.ipp_state import errors_of
from appliance.reading.sources.ipp_values import first_text, number, pairs, texts
from appliance.reading.supplies.colors import color_named
from appliance.reading.supplies.supplies import UNKNOWN, is_receptacle, numbers_in, percent_of, state_of
from appliance.reading.supplies.trays import state_of as tray_state
from appliance.report import Supply, Tray

MOST_ROWS = 256
"""Supplies and trays, as many as are read of a table over SNMP: more of them are broken, and take long to compare."""
_PRINTER_STATES = {3: "idle", 4: "printing"}
"""printer-state; stopped(5) is no status of hrPrinterStatus."""
_CONSUMED, _FILLED = enum.SUPPLY_CLASS[enum.CONSUMED], enum.SUPPLY_CLASS[enum.FILLED]
_TYPES = {name.lower(): name for name in enum.SUPPLY_TYPE.values()}
_CLASSES = {name.lower(): name for name in enum.SUPPLY_CLASS.values()} | {"consumed": _CONSUMED, "filled": _FILLED}
"""prtMarkerSuppliesClass, and what some printers write instead."""
_UNITS = {name.lower(): (number, name) for number, name in enum.SUPPLY_UNIT.items()}
_MARKER_UNAVAILABLE = -1
"""A level of marker-levels that the printer cannot tell."""
_SERIAL_KEYS = ("SN", "SERN", "SERIALNUMBER")
_NOTES = {
    "firmware_name": "printer-firmware-name",
    "firmware_patches": "printer-firmware-patches",
    "organization": "printer-organization",
    "organizational_unit": "printer-organizational-unit",
}
"""What is told in `misc`, by its name there."""
_LONGEST = 1024
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f\ufffd]+")
_HEX_COLORS = {"#000000": "black", "#00ffff": "cyan", "#ff00ff": "magenta", "#ffff00": "yellow"}


def parts_of_ipp(answer: IppAnswer) -> Parts:
    """Return what the attributes say; what cannot be understood is left out."""
    attributes = answer.attributes
    told = {name: first_text(values) for name, values in attributes.items()}
    device_id = parse_device_id(told.get("printer-device-id") or "")
    serial = told.get("printer-serial-number") or next((device_id[key] for key in _SERIAL_KEYS if key in device_id), None)
    device = {
        "serial": None if serial is None or is_placeholder(serial) else serial,
        "model": device_id.get("MDL"),
        "description": told.get("printer-make-and-model"),
        "location": _location(told.get("printer-location"), told.get("printer-geo-location")),
        "firmware": _firmware(attributes),
    }
    # Keywords by the standard; what a printer writes instead may name somebody, or a document.
    keywords = [reason for reason in texts(attributes.get("printer-state-reasons", ())) if reason != "none"]
    reasons = [scrub_text(reason) for reason in keywords]
    misc = {
        "printer_uuid": told.get("printer-uuid"),
        "ipp_state_reasons": ", ".join(reasons)[:_LONGEST],
        **{name: _joined(attributes, attribute) for name, attribute in _NOTES.items()},
    }
    state = next((value for value in attributes.get("printer-state", ()) if isinstance(value, int)), 0)
    return Parts(
        source="IPP",
        device={name: value for name, value in device.items() if value and not is_no_value(value)},
        device_id=device_id,
        printer_status=_PRINTER_STATES.get(state),
        meters=meters_of_ipp(attributes),
        supplies=tuple(_supplies(attributes) or _markers(attributes)),
        trays=tuple(_trays(attributes)),
        errors=errors_of(keywords),
        alerts=alerts_of_ipp(attributes),
        misc={name: value for name, value in misc.items() if value},
    )


def _joined(attributes: Mapping[str, tuple[Value, ...]], name: str) -> str:
    """Return the values of a text that may have several, without those that only say that there is none."""
    return "; ".join(dict.fromkeys(text for text in texts(attributes.get(name, ())) if not is_no_value(text)))[:_LONGEST]


def _firmware(attributes: Mapping[str, tuple[Value, ...]]) -> str:
    """Return the versions of the firmware as texts, else those octet strings that are one (PWG 5100.13)."""
    for name in ("printer-firmware-string-version", "printer-firmware-version"):
        versions = [each for each in texts(attributes.get(name, ())) if not is_no_version(each)]
        if versions and all(map(_PRINTABLE.fullmatch, versions)):
            return "; ".join(dict.fromkeys(versions))[:_LONGEST]
    return ""


def _location(place: str | None, geographic: str | None) -> str | None:
    """Return where the printer is: as people call it, else by its coordinates (RFC 5870), which are a location and nothing else."""
    return place or (geographic if geographic and geographic.lower().startswith("geo:") else None)


def _supplies(attributes: Mapping[str, tuple[Value, ...]]) -> list[Supply]:
    """Return the rows of printer-supply; printer-supply-description has their names, in the same order."""
    descriptions = texts(attributes.get("printer-supply-description", ()), keep_empty=True)
    rows = []
    for position, value in enumerate(attributes.get("printer-supply", ())[:MOST_ROWS]):
        fields = pairs(value)
        unit, unit_name = _UNITS.get(fields.get("unit", "").lower(), (None, None))
        level, capacity = number(fields.get("level")), number(fields.get("maxcapacity"))
        kind = _type(fields.get("type", ""))
        if not fields or (level is None and kind == "unknown"):
            continue
        description = descriptions[position] if position < len(descriptions) else None
        supply_class = _CLASSES.get(_plain(fields.get("class", ""))) or _class_of(kind, description)
        rows.append(
            _row(
                index=fields.get("index") or str(position + 1),
                kind=kind,
                supply_class=supply_class,
                color=_color(fields.get("colorantname")) or color_named(description),
                description=description or None,
                unit=(unit, unit_name),
                level=level,
                capacity=capacity,
                source="IPP printer-supply",
            )
        )
    return rows


def _markers(attributes: Mapping[str, tuple[Value, ...]]) -> list[Supply]:
    """Return the markers of CUPS: levels are percent; marker-high-levels tells a receptacle, which is reported when it fills."""
    names, colors = texts(attributes.get("marker-names", ()), keep_empty=True), attributes.get("marker-colors", ())
    types, levels = attributes.get("marker-types", ()), attributes.get("marker-levels", ())
    rows = []
    for position, value in enumerate(levels[:MOST_ROWS]):
        level = value if isinstance(value, int) and not isinstance(value, bool) else None
        level = UNKNOWN if level == _MARKER_UNAVAILABLE else level
        name = names[position] if position < len(names) else None
        kind = _type(_at(types, position))
        rows.append(
            _row(
                index=str(position + 1),
                kind=kind,
                supply_class=_class_of(kind, name),
                color=_color(_at(colors, position)) or color_named(name),
                description=name or None,
                unit=(enum.PERCENT, "percent"),
                level=level,
                capacity=100,
                source="IPP marker-levels",
            )
        )
    return rows


def _row(
    *,
    index: str,
    kind: str,
    supply_class: str,
    color: str | None,
    description: str | None,
    unit: tuple[int | None, str | None],
    level: int | None,
    capacity: int | None,
    source: str,
) -> Supply:
    receptacle = is_receptacle(supply_class, kind, description)
    percent, _ = percent_of(level, capacity, unit[0])
    part_number, serial = numbers_in(description)
    return Supply.model_validate(
        {
            "index": index[:100],
            "type": kind,
            "class": supply_class,
            "color": color,
            "description": description,
            "unit": unit[1],
            "level": level,
            "capacity": capacity,
            "percent": percent,
            "state": state_of(level, capacity, percent, receptacle=receptacle),
            "part_number": part_number,
            "serial": serial,
            "source": source,
        }
    )


def _trays(attributes: Mapping[str, tuple[Value, ...]]) -> list[Tray]:
    trays = []
    for position, value in enumerate(attributes.get("printer-input-tray", ())[:MOST_ROWS], 1):
        fields = pairs(value)
        level, capacity = number(fields.get("level")), number(fields.get("maxcapacity"))
        if fields:
            name = fields.get("name")
            trays.append(
                Tray(
                    index=(fields.get("index") or str(position))[:100],
                    name=name,
                    media=fields.get("medianame") or None,
                    capacity=capacity,
                    level=level,
                    state=tray_state(level, capacity),
                )
            )
    return trays


def _at(values: tuple[Value, ...], position: int) -> str:
    value = values[position] if position < len(values) else None
    return value if isinstance(value, str) else ""


def _color(name: str | None) -> str | None:
    """Return the colour of a name or of `#RRGGBB`; several of them (`#00FFFF#FF00FF#FFFF00`) are a tri-color."""
    if not name or name.lower() in {"unknown", "none", "other"}:
        return None
    if name.startswith("#"):
        found = {_HEX_COLORS.get(f"#{part}".lower()) for part in name.split("#") if part}
        if found == {"cyan", "magenta", "yellow"}:
            return "tri-color"
        return found.pop() if len(found) == 1 else None
    return color_named(name) or name.lower()


def _type(name: str) -> str:
    """Return the type of a supply by its name in RFC 3805, also as CUPS writes it (`toner-cartridge`); "unknown" for any other."""
    return _TYPES.get(_plain(name), "unknown")


def _class_of(kind: str, description: str | None) -> str:
    """Return the class of a supply that does not tell it: what is there to be consumed, or a container that is filled."""
    if is_receptacle("", kind, description):
        return _FILLED
    return "other" if kind in ("other", "unknown") else _CONSUMED


def _plain(keyword: str) -> str:
    return keyword.strip().lower().replace("-", "")
