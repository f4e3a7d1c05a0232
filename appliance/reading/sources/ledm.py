"""HP LEDM: the status documents of HP devices, from XML to parts of a reading. Pure; sources are named "LEDM DOCUMENT ELEMENT".

Three documents anybody may read: `ProductConfigDyn` (who), `ProductUsageDyn` (meters), `ConsumableConfigDyn` (supplies). Nothing
else of them is kept: they also name networks, addresses and the phones that printed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from xml.etree.ElementTree import Element

from appliance.reading.identity.placeholders import is_no_value, is_no_version, is_placeholder
from appliance.reading.parts import Parts
from appliance.reading.sources.safe_xml import XmlError, local_name, parse_xml
from appliance.reading.supplies.colors import color_named
from appliance.reading.supplies.supplies import state_of
from appliance.reading.text import decode
from appliance.report import Meter, Supply

PATHS = {
    "ProductConfigDyn": "/DevMgmt/ProductConfigDyn.xml",
    "ProductUsageDyn": "/DevMgmt/ProductUsageDyn.xml",
    "ConsumableConfigDyn": "/DevMgmt/ConsumableConfigDyn.xml",
}
"""Where the documents are, by the name of their root element."""

MOST_SUPPLIES = 256
"""As many as are read of a table over SNMP."""
_LARGEST = 2**63
_NUMBER = re.compile(r"[0-9]{1,19}")
_UTF_8 = 106


class LedmError(ValueError):
    """The octets are not the document that was asked for."""


@dataclass(frozen=True, slots=True)
class _Counter:
    """Where a meter stands: the element of the part of the device, and within it."""

    meter: str
    subunit: str
    element: str
    unit: str = "impressions"


_COUNTERS = (
    _Counter("total", "PrinterSubunit", "TotalImpressions"),
    _Counter("total_mono", "PrinterSubunit", "MonochromeImpressions"),
    _Counter("total_color", "PrinterSubunit", "ColorImpressions"),
    _Counter("duplex", "PrinterSubunit", "DuplexSheets", "sheets"),
    _Counter("print_total", "PrintApplicationSubunit", "TotalImpressions"),
    _Counter("print_mono", "PrintApplicationSubunit", "MonochromeImpressions"),
    _Counter("print_color", "PrintApplicationSubunit", "ColorImpressions"),
    _Counter("copy_total", "CopyApplicationSubunit", "TotalImpressions"),
    _Counter("copy_mono", "CopyApplicationSubunit", "MonochromeImpressions"),
    _Counter("copy_color", "CopyApplicationSubunit", "ColorImpressions"),
    _Counter("fax_total", "FaxApplicationSubunit", "TotalImpressions"),
    _Counter("scan_total", "ScannerEngineSubunit", "ScanImages", "images"),
    _Counter("scan_adf", "ScannerEngineSubunit", "AdfImages", "images"),
    _Counter("scan_flatbed", "ScannerEngineSubunit", "FlatbedImages", "images"),
)
_TYPES = {
    "ink": "ink",
    "inkcartridge": "inkCartridge",
    "inktank": "ink",
    "toner": "toner",
    "tonercartridge": "tonerCartridge",
    "imagedrum": "opc",
    "organicphotoconductor": "opc",
    "fuser": "fuser",
    "transferunit": "transferUnit",
    "wastetoner": "wasteToner",
}
"""ConsumableTypeEnum, in lower case; what is not listed (`printhead`) has no type in the Printer-MIB: other."""
_LABELS = {"K": "black", "C": "cyan", "M": "magenta", "Y": "yellow", "CMY": "tri-color", "PK": "photo black", "MK": "matte black"}
"""ConsumableLabelCode."""


def parts_of_ledm(octets: bytes, document: str) -> Parts:
    """Return what a document of `PATHS` says. Raises LedmError when `octets` are another one, or none at all."""
    try:
        root = parse_xml(octets)
    except XmlError as error:
        raise LedmError(str(error)) from error
    if local_name(root) != document:
        raise LedmError(f"it is no {document}")
    source = f"LEDM {document}"
    if document == "ProductConfigDyn":
        return Parts(source, device=_device(root))
    if document == "ProductUsageDyn":
        return Parts(source, meters=_meters(root))
    if document == "ConsumableConfigDyn":
        return Parts(source, supplies=tuple(_supplies(root)))
    raise LedmError(f"{document} is none of the documents that are read")


def _device(root: Element) -> dict[str, str]:
    """Return serial number, model and firmware. The Version beside ProductInformation is that of the document."""
    information = _child(root, "ProductInformation")
    version = _child(information, "Version")
    firmware = _text(_child(version, "Revision") if version is not None else _child(information, "Revision"))
    serial, model = (_text(_child(information, name)) for name in ("SerialNumber", "MakeAndModel"))
    found = {"serial": serial, "description": model, "firmware": firmware}
    says_none = {"serial": is_placeholder, "description": is_no_value, "firmware": is_no_version}
    return {name: value for name, value in found.items() if value and not says_none[name](value)}


def _meters(root: Element) -> dict[str, Meter]:
    meters = {}
    for counter in _COUNTERS:
        count = _count(_child(_child(root, counter.subunit), counter.element))
        if count is not None:
            source = f"LEDM ProductUsageDyn {counter.subunit}/{counter.element}"
            meters[counter.meter] = Meter(value=count, unit=counter.unit, source=source)
    if "scan_total" not in meters and {"scan_adf", "scan_flatbed"} <= meters.keys():
        parts = (meters["scan_adf"], meters["scan_flatbed"])
        total = sum(part.value for part in parts)
        if total < _LARGEST:
            meters["scan_total"] = Meter(value=total, unit="images", source=" + ".join(part.source for part in parts))
    return meters


def _supplies(root: Element) -> Iterator[Supply]:
    """Yield the consumables; only direct children count, since the cartridge before this one stands inside it."""
    for position, info in enumerate(islice(_children(root, "ConsumableInfo"), MOST_SUPPLIES), 1):
        kind = _TYPES.get((_text(_child(info, "ConsumableTypeEnum")) or "").lower(), "other")
        label = _text(_child(info, "ConsumableLabelCode")) or ""
        name = _text(_child(info, "MarkerColor")) or _text(_child(info, "ConsumableColor"))
        percent = _percent(info)
        receptacle = kind == "wasteToner"
        serial, product, number = (
            _text(_child(info, element)) for element in ("SerialNumber", "ProductNumber", "ConsumableSelectibilityNumber")
        )
        yield Supply.model_validate(
            {
                "index": (_text(_child(info, "ConsumableStation")) or str(position))[:100],
                "type": kind,
                "class": "receptacleThatIsFilled" if receptacle else "supplyThatIsConsumed",
                "color": color_named(name) or _LABELS.get(label.upper()),
                "description": number or product,
                "unit": "percent" if percent is not None else None,
                "level": percent,
                "capacity": 100 if percent is not None else None,
                "percent": percent,
                "state": state_of(percent, 100, percent, receptacle=receptacle),
                "serial": None if serial is None or is_placeholder(serial) else serial,
                "part_number": product or number,
                "source": "LEDM ConsumableConfigDyn",
            }
        )


def _percent(info: Element) -> int | None:
    """Return what is left, 0 to 100; 255 is what devices write for a cartridge they cannot measure."""
    level = _count(_child(info, "ConsumablePercentageLevelRemaining"))
    if level is None:
        level = _count(_child(info, "ConsumableRawPercentageLevelRemaining"))
    return level if level is not None and level <= 100 else None


def _children(parent: Element | None, name: str) -> Iterator[Element]:
    return (child for child in (parent if parent is not None else ()) if local_name(child) == name)


def _child(parent: Element | None, name: str) -> Element | None:
    return next(_children(parent, name), None)


def _text(element: Element | None) -> str | None:
    content = element.text if element is not None else None
    return (decode(content.encode(errors="replace"), _UTF_8) or None) if content else None


def _count(element: Element | None) -> int | None:
    content = (element.text or "").strip() if element is not None else ""
    return int(content) if _NUMBER.fullmatch(content) and int(content) < _LARGEST else None
