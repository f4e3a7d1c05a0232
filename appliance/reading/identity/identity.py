"""Who a device is: maker, model, serial number, MAC address, firmware, and the key that stays the same over time."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from appliance.common.message import Message
from appliance.reading.definitions.definitions import Definitions, builtin_definitions
from appliance.reading.definitions.vendor import Vendor
from appliance.reading.identity.descriptions import DescriptionFacts, Texts, described_by, model_after_maker, model_in
from appliance.reading.identity.makers import Makers
from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.reading.view import View, integer, text
from appliance.snmp.values import Objects

NOT_REPORTED = Message("not reported")
PLACEHOLDER = Message("placeholder")

_PLACEHOLDER = re.compile(
    r"""(.)\1{2,} | \W* | 0+ | x+ | n/?a | none | null | nil | unknown | undefined | default | invalid | empty | blank | test
      | no[tn]?[ _-]?(?:available|set|applicable|assigned|specified|defined) | unavailable
      | (?:printer|device)?[ _-]?serial(?:[ _-]?(?:no|num|number)\.?)? | s/?n | 0?123456789?0? | \?+""",
    re.IGNORECASE | re.VERBOSE,
)
_ETHERNET_TYPES = frozenset({6, 7, 26, 62, 69, 71, 117})
"""ifType of interfaces with an IEEE 802 address of their own: ethernetCsmacd, iso88023Csmacd, …, ieee80211, gigabitEthernet."""
_IF_UP = 1


@dataclass(slots=True)
class Identity:
    """What identifies a device; `reasons` says by field name why a field is None, `sources` where a field was found."""

    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    mac: str | None = None
    firmware: str | None = None
    network_firmware: str | None = None
    description: str | None = None
    reasons: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)


def is_imaging_device(objects: Objects, definitions: Definitions | None = None) -> bool:
    """Return whether the device says so itself, or a vendor definition knows its sysObjectID as that of an imaging device.

    Itself: by any object of the Printer-MIB, a printer in hrDeviceTable, or a 1284 device ID.
    """
    view = View(objects)
    if view.has_printer_mib() or view.printer_devices():
        return True
    if any(text(value) for value in view.instances(mib.PPM_PRINTER_IEEE_1284_DEVICE_ID).values()):
        return True
    value = view.system(mib.SYS_OBJECT_ID)
    sys_object_id = value.content if value is not None and isinstance(value.content, tuple) else None
    return (definitions or builtin_definitions()).is_imaging(sys_object_id)


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


Found = tuple[str | None, str]
"""A text, and the source it came from."""


def identify(vendor: Vendor, address: str, makers: Makers) -> Identity:
    """Return who the device at `address` is."""
    identity = Identity()
    view, texts = vendor.view, vendor.texts
    told = described_by(texts, vendor.applying, view)
    identity.manufacturer = _manufacturer(vendor, makers)
    _choose(identity, "serial", _serials(vendor, told), _usable_serial)
    _choose(identity, "model", _models(vendor, told, identity.serial, makers), str)
    _choose(identity, "firmware", _firmwares(vendor, told), _usable)
    identity.description = _description(texts, makers)
    identity.network_firmware = told.values.get("network_firmware")
    identity.mac = mac_address(view, address)
    for name in ("manufacturer", "mac", "description"):
        if getattr(identity, name) is None:
            identity.reasons[name] = NOT_REPORTED
    return identity


def _choose(identity: Identity, name: str, candidates: Iterator[Found], usable: Callable[[str], str | None]) -> None:
    """Set the field to the first candidate that can be used; otherwise say why there is none."""
    identity.reasons[name] = NOT_REPORTED
    for candidate, source in candidates:
        if not candidate:
            continue
        value = usable(candidate)
        if value:
            setattr(identity, name, value)
            identity.sources[name] = source
            del identity.reasons[name]
            return
        identity.reasons[name] = PLACEHOLDER


def _usable(value: str) -> str | None:
    return None if is_placeholder(value) else value


def _usable_serial(value: str) -> str | None:
    return None if is_placeholder(value) else " ".join(value.split())


def _manufacturer(vendor: Vendor, makers: Makers) -> str | None:
    """Return the maker by the clearest source: 1284 MFG (of rebrands the brand), the texts, the enterprise number.

    Where none of them tells, whose private objects answer does, if they are those of one vendor.
    """
    texts = vendor.texts
    for device_id in (texts.device_id, texts.private_id):
        if named := device_id.get("MFG"):
            return makers.normalised(named)
    for description in (texts.device_descr, texts.sys_descr, texts.printer_name):
        if maker := makers.leading(description):
            return maker
    numbers = {texts.enterprise} if texts.enterprise is not None else texts.answering
    names = {name for number in numbers if (name := makers.of_enterprise(number))}
    return names.pop() if len(names) == 1 else None


def _given(vendor: Vendor, target: str, *, prefer: bool) -> Iterator[Found]:
    for each in vendor.given.get(target, ()):
        if each.prefer is prefer:
            yield str(each.value), each.source


def _told(told: DescriptionFacts, name: str) -> Found:
    return told.values.get(name), told.sources.get(name, "")


def _instances(view: View, column: MibObject) -> Iterator[Found]:
    for index, value in view.instances(column).items():
        yield text(value), column.source(index)


def _serials(vendor: Vendor, told: DescriptionFacts) -> Iterator[Found]:
    view, texts = vendor.view, vendor.texts
    yield from _given(vendor, "device.serial", prefer=True)
    yield (
        text(view.scalar(mib.PRT_GENERAL_SERIAL_NUMBER)),
        view.scalar_source(mib.PRT_GENERAL_SERIAL_NUMBER),
    )
    yield from _instances(view, mib.ENT_PHYSICAL_SERIAL_NUM)
    yield from _given(vendor, "device.serial", prefer=False)
    yield _told(told, "serial")
    yield texts.device_id.get("SN") or texts.private_id.get("SN"), "IEEE 1284 SN"


def _models(vendor: Vendor, told: DescriptionFacts, serial: str | None, makers: Makers) -> Iterator[Found]:
    """Yield the model by the clearest source: 1284 MDL, a known sysDescr, hrDeviceDescr, any sysDescr, private objects."""
    texts = vendor.texts
    yield from ((model_in(value or "", serial, makers), source) for value, source in _given(vendor, "device.model", prefer=True))
    yield model_in(texts.device_id.get("MDL", ""), serial, makers), "ppmPrinterIEEE1284DeviceId"
    model, source = _told(told, "model")
    yield model_in(model or "", serial, makers), source
    yield model_in(texts.device_descr, serial, makers), mib.HR_DEVICE_DESCR.source((vendor.view.host_device,))
    if not told.names_model:
        yield model_after_maker(texts.sys_descr, serial, makers), mib.SYS_DESCR.source((0,))
    yield from ((model_in(value or "", serial, makers), source) for value, source in _given(vendor, "device.model", prefer=False))
    yield model_in(texts.private_id.get("MDL", ""), serial, makers), "IEEE 1284 MDL"
    yield (
        model_after_maker(texts.printer_name, serial, makers),
        vendor.view.scalar_source(mib.PRT_GENERAL_PRINTER_NAME),
    )


def _firmwares(vendor: Vendor, told: DescriptionFacts) -> Iterator[Found]:
    """Yield the firmware of the printer: Entity-MIB, private objects, a known format of the free texts."""
    yield from _given(vendor, "device.firmware", prefer=True)
    yield from _instances(vendor.view, mib.ENT_PHYSICAL_FIRMWARE_REV)
    yield from _instances(vendor.view, mib.ENT_PHYSICAL_SOFTWARE_REV)
    yield from _given(vendor, "device.firmware", prefer=False)
    yield _told(told, "firmware")


def standard_firmware(view: View) -> str | None:
    """Return what entPhysicalFirmwareRev or entPhysicalSoftwareRev tell."""
    found = (*_instances(view, mib.ENT_PHYSICAL_FIRMWARE_REV), *_instances(view, mib.ENT_PHYSICAL_SOFTWARE_REV))
    return next((value for value, _ in found if value and not is_placeholder(value)), None)


def standard_serial(view: View) -> str | None:
    """Return the serial number of prtGeneralSerialNumber, unless it is a placeholder."""
    found = text(view.scalar(mib.PRT_GENERAL_SERIAL_NUMBER))
    return _usable_serial(found) if found else None


def has_standard_model(vendor: Vendor, makers: Makers) -> bool:
    """Return whether a model is known without private objects."""
    told = described_by(vendor.texts, vendor.applying, vendor.view)
    private = {source for _, source in _given(vendor, "device.model", prefer=False)}
    return any(
        value and source not in private and source != "IEEE 1284 MDL" for value, source in _models(vendor, told, None, makers)
    )


def _description(texts: Texts, makers: Makers) -> str | None:
    """Return hrDeviceDescr, unless it names no model ("Generic 28C-1") and another text does."""
    in_order = (texts.device_descr, texts.device_id.get("DES"), texts.sys_descr, texts.private_id.get("DES"))
    known = [text for text in in_order if text]
    return next((text for text in known if model_in(text, None, makers)), next(iter(known), None))


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
