"""Who a device is: maker, model, serial number, MAC address, firmware, and the key that stays the same over time."""

import re
from dataclasses import dataclass, field

from appliance.reading import makers
from appliance.reading import objects as mib
from appliance.reading.descriptions import Described, described, model_in, model_in_sys_descr, parse_device_id
from appliance.reading.view import View, integer, text
from appliance.snmp.values import Objects, Oid

NOT_REPORTED = "not reported"
PLACEHOLDER = "placeholder"
NOT_STANDARD = "not in the standard MIBs"

_PLACEHOLDER = re.compile(
    r"""(.)\1{2,} | \W* | 0+ | x+ | n/?a | none | null | nil | unknown | undefined | default | invalid | empty | blank | test
      | no[tn]?[ _-]?(?:available|set|applicable|assigned|specified|defined) | unavailable
      | (?:printer|device)?[ _-]?serial(?:[ _-]?(?:no|num|number)\.?)? | s/?n | 0?123456789?0? | \?+""",
    re.IGNORECASE | re.VERBOSE,
)
_ENTERPRISES: Oid = (1, 3, 6, 1, 4, 1)
_ETHERNET_TYPES = frozenset({6, 7, 26, 62, 69, 71, 117})
"""ifType of interfaces with an IEEE 802 address of their own: ethernetCsmacd, iso88023Csmacd, …, ieee80211, gigabitEthernet."""
_IF_UP = 1


@dataclass(slots=True)
class Identity:
    """What identifies a device; `reasons` says by field name why a field is None."""

    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    mac: str | None = None
    firmware: str | None = None
    network_firmware: str | None = None
    description: str | None = None
    reasons: dict[str, str] = field(default_factory=dict)


def is_imaging_device(objects: Objects) -> bool:
    """Return whether the device says so itself: any object of the Printer-MIB, a printer in hrDeviceTable, or a 1284 device ID."""
    view = View(objects)
    return (
        view.has_printer_mib()
        or bool(view.printer_devices())
        or any(text(value) for value in view.instances(mib.PPM_PRINTER_IEEE_1284_DEVICE_ID).values())
    )


def device_key(manufacturer: str | None, serial: str | None, mac: str | None, address: str) -> str:
    """Return the key of a device: `serial:MAKER:SERIAL`, else `mac:HEX`, else `address:IP` (provisional)."""
    if serial:
        return f"serial:{(manufacturer or 'unknown').upper()}:{serial.upper()}"[:200]
    if mac:
        return f"mac:{mac.replace(':', '')}"
    return f"address:{address}"


def is_placeholder(value: str) -> bool:
    """Return whether a serial number is what devices answer when they have none (`XXXXXXXXXX`, `0000`, `N/A`, …)."""
    return _PLACEHOLDER.fullmatch(value.strip()) is not None


def identify(view: View, address: str) -> Identity:
    """Return who the device at `address` is."""
    identity = Identity()
    texts = _texts(view)
    identity.manufacturer = _manufacturer(view, texts)
    identity.serial = _serial(view, texts, identity.reasons)
    identity.model = _model(texts, identity.serial)
    identity.description = _description(texts)
    identity.firmware = firmware(view)
    identity.network_firmware = texts.told.network_firmware
    identity.mac = mac_address(view, address)
    for name in ("manufacturer", "model", "mac", "firmware", "description"):
        if getattr(identity, name) is None:
            identity.reasons[name] = NOT_REPORTED
    return identity


@dataclass(frozen=True, slots=True)
class _Texts:
    """The texts by which a device describes itself, empty where it has none."""

    sys_descr: str
    device_descr: str
    printer_name: str
    device_id: dict[str, str]
    told: Described


def _texts(view: View) -> _Texts:
    sys_descr = text(view.system(mib.SYS_DESCR)) or ""
    device_ids = (text(value) for value in view.instances(mib.PPM_PRINTER_IEEE_1284_DEVICE_ID).values())
    return _Texts(
        sys_descr=sys_descr,
        device_descr=view.localized(view.scalar(mib.HR_DEVICE_DESCR)) or "",
        printer_name=view.localized(view.scalar(mib.PRT_GENERAL_PRINTER_NAME)) or "",
        device_id=parse_device_id(next(filter(None, device_ids), "")),
        told=described(sys_descr) or Described(),
    )


def _manufacturer(view: View, texts: _Texts) -> str | None:
    if named := texts.device_id.get("MFG"):
        return makers.normalised(named)
    for description in (texts.device_descr, texts.sys_descr, texts.printer_name):
        if maker := makers.leading_maker(description):
            return maker
    number = enterprise(view)
    return makers.of_enterprise(number) if number is not None else None


def enterprise(view: View) -> int | None:
    """Return the IANA private enterprise number in sysObjectID."""
    value = view.system(mib.SYS_OBJECT_ID)
    oid = value.content if value is not None else None
    if isinstance(oid, tuple) and oid[:6] == _ENTERPRISES and len(oid) > 6:
        return oid[6]
    return None


def _serial(view: View, texts: _Texts, reasons: dict[str, str]) -> str | None:
    entity = view.instances(mib.ENT_PHYSICAL_SERIAL_NUM).values()
    candidates = (
        text(view.scalar(mib.PRT_GENERAL_SERIAL_NUMBER)),
        next((found for value in entity if (found := text(value)) and not is_placeholder(found)), None),
        texts.told.serial,
        texts.device_id.get("SN"),
    )
    reasons["serial"] = NOT_REPORTED
    for candidate in candidates:
        if not candidate:
            continue
        if is_placeholder(candidate):
            reasons["serial"] = PLACEHOLDER
        else:
            del reasons["serial"]
            return " ".join(candidate.split())
    return None


def _model(texts: _Texts, serial: str | None) -> str | None:
    """Return the model by the clearest source: 1284 MDL, a known sysDescr, hrDeviceDescr, any sysDescr, the printer's name."""
    return (
        model_in(texts.device_id.get("MDL", ""), serial)
        or model_in(texts.told.model or "", serial)
        or model_in(texts.device_descr, serial)
        or model_in_sys_descr(texts.sys_descr, serial)
        or model_in_sys_descr(texts.printer_name, serial)
    )


def _description(texts: _Texts) -> str | None:
    """Return hrDeviceDescr, unless it names no model ("Generic 28C-1") and another text does."""
    texts_in_order = [text for text in (texts.device_descr, texts.device_id.get("DES"), texts.sys_descr) if text]
    return next((text for text in texts_in_order if model_in(text, None)), next(iter(texts_in_order), None))


def firmware(view: View) -> str | None:
    """Return the firmware of the printer: entPhysicalFirmwareRev, entPhysicalSoftwareRev, or a known format of sysDescr."""
    for column in (mib.ENT_PHYSICAL_FIRMWARE_REV, mib.ENT_PHYSICAL_SOFTWARE_REV):
        for value in view.instances(column).values():
            if (found := text(value)) and not is_placeholder(found):
                return found
    told = described(text(view.system(mib.SYS_DESCR)) or "")
    return told.firmware if told is not None else None


def mac_address(view: View, address: str) -> str | None:
    """Return the MAC address of the interface that owns `address`, as `00:1b:a9:0b:a7:52`.

    Where the device does not list the address (address translation, a bare IF-MIB), the first real interface stands in: one that is
    up, of an IEEE 802 type and universally administered before others.
    """
    usable = _usable_addresses(view)
    if not usable:
        return None
    owner = owning_interface(view, address)
    if owner not in usable:
        types, states = view.instances(mib.IF_TYPE), view.instances(mib.IF_OPER_STATUS)

        def doubt(index: int) -> tuple[bool, bool, bool, int]:
            kind, state = integer(types.get((index,))), integer(states.get((index,)))
            return (
                kind is not None and kind not in _ETHERNET_TYPES,
                state is not None and state != _IF_UP,
                bool(usable[index][0] & 0x02),
                index,
            )

        owner = min(usable, key=doubt)
    return usable[owner].hex(":")


def interface_is_open(view: View, address: str) -> bool:
    """Return whether it is still unknown which of several MAC addresses belongs to `address`."""
    usable = _usable_addresses(view)
    return len(set(usable.values())) > 1 and owning_interface(view, address) not in usable


def owning_interface(view: View, address: str) -> int | None:
    """Return the ifIndex of the interface that has `address`, by ipAdEntIfIndex or ipAddressIfIndex."""
    for oid in (mib.interface_of(address), mib.ip_address_if_index(address)):
        index = integer(view.get(oid)) if oid is not None else None
        if index is not None:
            return index
    return None


def _usable_addresses(view: View) -> dict[int, bytes]:
    """Return by ifIndex the IEEE 802 addresses that can belong to one interface: six octets, not all zero, not multicast."""
    return {
        index[0]: value.content
        for index, value in view.instances(mib.IF_PHYS_ADDRESS).items()
        if isinstance(value.content, bytes) and len(value.content) == 6 and any(value.content) and not value.content[0] & 0x01
    }
