"""Who a device is: maker, model, serial number, MAC address, firmware, and the key that stays the same over time."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from appliance.common.message import Message
from appliance.reading.definitions.definitions import Definitions, builtin_definitions
from appliance.reading.definitions.vendor import Vendor
from appliance.reading.identity.descriptions import (
    DescriptionFacts,
    Texts,
    described_by,
    device_id_in,
    model_after_maker,
    model_in,
)
from appliance.reading.identity.makers import Makers
from appliance.reading.identity.placeholders import is_no_version, is_placeholder, meant
from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.reading.view import View, integer, text
from appliance.snmp.values import Objects

NOT_REPORTED = Message("not reported")
PLACEHOLDER = Message("placeholder")

_ETHERNET_TYPES = frozenset({6, 7, 26, 62, 69, 71, 117})
"""ifType of interfaces with an IEEE 802 address of their own: ethernetCsmacd, iso88023Csmacd, …, ieee80211, gigabitEthernet."""
_IF_UP = 1
_KIND = re.compile(r"\b(?:MFP|MFC|AIO|All-in-One|Multifunction(?:al)?|Series|Printer|Copier)\s*\Z", re.IGNORECASE)
"""What a text may say behind a model: which kind of device it is."""


@dataclass(slots=True)
class Identity:
    """What identifies a device; `reasons` says by field name why a field is None, `sources` where a field was found."""

    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    mac: str | None = None
    firmware: str | None = None
    network_firmware: str | None = None
    engine_maker: str | None = None
    """Who made a device that is sold under another name."""
    description: str | None = None
    reasons: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)


def is_imaging_device(objects: Objects, definitions: Definitions | None = None) -> bool:
    """Return whether the device says so itself, or a vendor definition knows its sysObjectID as that of an imaging device.

    Itself: by any object of the Printer-MIB, a printer in hrDeviceTable, or a 1284 device ID, also one in place of sysDescr.
    """
    view = View(objects)
    if view.has_printer_mib() or view.printer_devices():
        return True
    if any(text(value) for value in view.instances(mib.PPM_PRINTER_IEEE_1284_DEVICE_ID).values()):
        return True
    if device_id_in(text(view.system(mib.SYS_DESCR)) or ""):
        return True
    value = view.system(mib.SYS_OBJECT_ID)
    sys_object_id = value.content if value is not None and isinstance(value.content, tuple) else None
    return (definitions or builtin_definitions()).is_imaging(sys_object_id)


Found = tuple[str | None, str]
"""A text, and the source it came from."""


def identify(vendor: Vendor, address: str, makers: Makers) -> Identity:
    """Return who the device at `address` is."""
    identity = Identity()
    view, texts = vendor.view, vendor.texts
    told = described_by(texts, vendor.applying, view)
    identity.manufacturer = _manufacturer(vendor, makers)
    makers = makers.knowing(identity.manufacturer)
    identity.engine_maker = _engine_maker(vendor, identity.manufacturer, makers)
    _choose(identity, "serial", iter(_unpadded_first([*_serials(vendor, told)])), _usable_serial)
    models = (*_makers_models(vendor, told, identity.serial, makers), *_owners_models(vendor, told, identity.serial, makers))
    _choose(identity, "model", iter(models), meant)
    _choose(identity, "firmware", _firmwares(vendor, told), _usable_firmware)
    _choose(identity, "description", _descriptions(texts, makers, view), meant)
    identity.network_firmware = told.values.get("network_firmware")
    identity.mac = mac_address(view, address)
    for name in ("manufacturer", "mac"):
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


def _usable_firmware(value: str) -> str | None:
    return None if is_no_version(value) else value


def _usable_serial(value: str) -> str | None:
    return None if is_placeholder(value) else " ".join(value.split())


def _manufacturer(vendor: Vendor, makers: Makers) -> str | None:
    """Return the maker by the clearest source: 1284 MFG, the texts, the enterprise number.

    Of a device that is sold under another name than its maker's, the name on its front, wherever it stands. Where none of them
    tells, whose private objects answer does, if they are those of one vendor, and then who made its trays.
    """
    texts = vendor.texts
    ids = (each.get("MFG") for each in (texts.device_id, texts.private_id, texts.described_id))
    named = [makers.normalised(each) for each in ids if each]
    named += filter(None, map(makers.leading, (texts.device_descr, texts.sys_descr)))
    if named:
        return next(filter(makers.is_rebrand, named), named[0])
    if maker := makers.leading(texts.printer_name):
        return maker
    numbers = {texts.enterprise} if texts.enterprise is not None else texts.answering
    names = {name for number in numbers if (name := makers.of_enterprise(number))}
    return names.pop() if len(names) == 1 else (makers.normalised(texts.vendor_name) or None)


def knows_maker(vendor: Vendor, makers: Makers) -> bool:
    """Return whether anything has told who made the device."""
    return _manufacturer(vendor, makers) is not None


def _engine_maker(vendor: Vendor, manufacturer: str | None, makers: Makers) -> str | None:
    """Return who made a device that is sold under the name of `manufacturer`; None where that is the same, or nothing tells."""
    texts = vendor.texts
    designs = [each.vendor for each in vendor.applying if each.describes(texts.descriptions)]
    if manufacturer is not None and makers.is_rebrand(manufacturer) and texts.enterprise is not None:
        designs.insert(0, makers.of_enterprise(texts.enterprise) or "")
    maker = next(filter(None, designs), None)
    return maker if manufacturer is not None and maker != manufacturer else None


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
    yield texts.described_id.get("SN"), texts.described_in


def _unpadded_first(found: list[Found]) -> list[Found]:
    """Return serial numbers in their order, but one that another source has without the zeros before it is that one.

    Some firmware fills the field of prtGeneralSerialNumber with zeros, which stand on no label.
    """
    spelled = {serial.upper(): (serial, source) for serial, source in reversed(found) if serial}
    return [spelled.get((serial or "").upper().lstrip("0"), (serial, source)) for serial, source in found]


def _makers_models(vendor: Vendor, told: DescriptionFacts, serial: str | None, makers: Makers) -> Iterator[Found]:
    """Yield the model as the maker has written it, by the clearest source.

    1284 MDL, a known sysDescr, hrDeviceDescr, any sysDescr, private objects.
    """
    texts = vendor.texts
    yield from ((model_in(value or "", serial, makers), source) for value, source in _given(vendor, "device.model", prefer=True))
    yield model_in(texts.device_id.get("MDL", ""), serial, makers), "ppmPrinterIEEE1284DeviceId"
    model, source = _told(told, "model")
    yield model_in(model or "", serial, makers), source
    yield model_in(texts.device_descr, serial, makers), mib.HR_DEVICE_DESCR.source((vendor.view.host_device,))
    yield model_in(texts.described_id.get("MDL", ""), serial, makers), texts.described_in
    if not told.names_model:
        yield model_after_maker(texts.sys_descr, serial, makers), mib.SYS_DESCR.source((0,))
    yield from ((model_in(value or "", serial, makers), source) for value, source in _given(vendor, "device.model", prefer=False))
    yield model_in(texts.private_id.get("MDL", ""), serial, makers), "IEEE 1284 MDL"


def _owners_models(vendor: Vendor, told: DescriptionFacts, serial: str | None, makers: Makers) -> Iterator[Found]:
    """Yield what may be a model, in texts that the owner of a device may have written."""
    texts = vendor.texts
    model, source = told.owners_model
    yield model_in(model, serial, makers), source
    yield model_after_maker(texts.printer_name, serial, makers), vendor.view.scalar_source(mib.PRT_GENERAL_PRINTER_NAME)


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
    return next((value for value, _ in found if value and not is_no_version(value)), None)


def standard_serial(view: View) -> str | None:
    """Return the serial number of prtGeneralSerialNumber, unless it is a placeholder."""
    found = text(view.scalar(mib.PRT_GENERAL_SERIAL_NUMBER))
    return _usable_serial(found) if found else None


def is_padded(serial: str) -> bool:
    """Return whether a serial number begins as one that was filled with zeros: then another source may tell it as it is."""
    return serial.startswith("00")


def has_standard_model(vendor: Vendor, makers: Makers) -> bool:
    """Return whether a model is known without private objects and what the owner of the device may have written."""
    told = described_by(vendor.texts, vendor.applying, vendor.view)
    private = {source for _, source in _given(vendor, "device.model", prefer=False)}
    models = _makers_models(vendor, told, None, makers)
    return any(meant(value) and source not in private and source != "IEEE 1284 MDL" for value, source in models)


def is_told_by_texts(vendor: Vendor, makers: Makers) -> bool:
    """Return whether an IEEE 1284 device ID has nothing more to tell: maker, model, serial number and description are known.

    The model is certain where a text has the form of a definition, or hrDeviceDescr and sysDescr name the same one; else a text may
    have more in it than the model, such as a version. Behind a model both may say what kind of device it is ("VersaLink C405 MFP").
    """
    texts, serial = vendor.texts, standard_serial(vendor.view)
    if serial is None or is_padded(serial) or not any(map(makers.leading, (texts.device_descr, texts.sys_descr))):
        return False
    described = meant(model_in(texts.device_descr, serial, makers))
    if described is None or _KIND.search(described):
        return False
    model, _ = _told(described_by(texts, vendor.applying, vendor.view), "model")
    return bool(meant(model_in(model or "", serial, makers))) or described == model_after_maker(texts.sys_descr, serial, makers)


def _descriptions(texts: Texts, makers: Makers, view: View) -> Iterator[Found]:
    """Yield hrDeviceDescr, but a text that names a model before one that names none ("Generic 28C-1")."""
    in_order = (
        (texts.device_descr, mib.HR_DEVICE_DESCR.source((view.host_device,))),
        (texts.device_id.get("DES"), "ppmPrinterIEEE1284DeviceId"),
        (texts.sys_descr, mib.SYS_DESCR.source((0,))),
        (texts.private_id.get("DES"), "IEEE 1284 DES"),
    )
    yield from sorted(in_order, key=lambda found: not (meant(found[0]) and model_in(found[0] or "", None, makers)))


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
