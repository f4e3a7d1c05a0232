"""The SNMP objects of the standard MIBs the collector reads, by their names, and the only ones of them it may ask devices for.

Sources: RFC 3418 (SNMPv2-MIB), RFC 2863 (IF-MIB), RFC 4293 (IP-MIB), RFC 2790 (HOST-RESOURCES-MIB), RFC 3805 (Printer-MIB),
RFC 6933 (ENTITY-MIB) and PWG 5107.1 (PWG Printer Port Monitor MIB). Nothing here tells of print jobs, users or people:
sysContact, prtGeneralCurrentOperator, prtGeneralServicePerson, the channel tables and all job tables stay out of `STANDARD`.
What routers are asked for, where a site names them, is in `appliance.discovery.neighbours`, and no other device is asked for that.
What vendor definitions may add, and what they never may, is decided in `definitions.permitted`; `Definitions.allows` knows both.

A first read asks `PROBE`, then `SCALARS` and `COLUMNS`, for the printer that nearly every device has at hrDeviceIndex 1, and
`DEVICE_ID` where the probe leaves open who the device is; what is then still open (another index, the character set of a text that
needs one) is asked for by `device.follow_up`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from appliance.snmp.values import Oid

_MIB_2: Oid = (1, 3, 6, 1, 2, 1)
_PRINTER_MIB: Oid = (*_MIB_2, 43)
_HR_DEVICE: Oid = (*_MIB_2, 25, 3)
_ENTERPRISES: Oid = (1, 3, 6, 1, 4, 1)
_PWG_PORT_MONITOR: Oid = (1, 3, 6, 1, 4, 1, 2699, 1, 2)


@dataclass(frozen=True, slots=True)
class MibObject:
    """An object of a MIB: a column, or the scalar whose only instance is 0. Its name is the source shown with a value."""

    name: str
    oid: Oid

    def instance(self, *index: int) -> Oid:
        """Return the OID of one instance."""
        return (*self.oid, *index)

    def source(self, index: Iterable[int]) -> str:
        """Return where a value came from, as `prtMarkerLifeCount.1.1`."""
        return ".".join((self.name, *map(str, index)))


SYS_DESCR = MibObject("sysDescr", (*_MIB_2, 1, 1))
SYS_OBJECT_ID = MibObject("sysObjectID", (*_MIB_2, 1, 2))
SYS_UP_TIME = MibObject("sysUpTime", (*_MIB_2, 1, 3))
SYS_NAME = MibObject("sysName", (*_MIB_2, 1, 5))
SYS_LOCATION = MibObject("sysLocation", (*_MIB_2, 1, 6))

IF_TYPE = MibObject("ifType", (*_MIB_2, 2, 2, 1, 3))
IF_PHYS_ADDRESS = MibObject("ifPhysAddress", (*_MIB_2, 2, 2, 1, 6))
IF_OPER_STATUS = MibObject("ifOperStatus", (*_MIB_2, 2, 2, 1, 8))
IP_AD_ENT_IF_INDEX = MibObject("ipAdEntIfIndex", (*_MIB_2, 4, 20, 1, 2))
IP_ADDRESS_IF_INDEX = MibObject("ipAddressIfIndex", (*_MIB_2, 4, 34, 1, 3))

HR_DEVICE_TYPE = MibObject("hrDeviceType", (*_HR_DEVICE, 2, 1, 2))
HR_DEVICE_DESCR = MibObject("hrDeviceDescr", (*_HR_DEVICE, 2, 1, 3))
HR_DEVICE_STATUS = MibObject("hrDeviceStatus", (*_HR_DEVICE, 2, 1, 5))
HR_PRINTER_STATUS = MibObject("hrPrinterStatus", (*_HR_DEVICE, 5, 1, 1))
HR_PRINTER_DETECTED_ERROR_STATE = MibObject("hrPrinterDetectedErrorState", (*_HR_DEVICE, 5, 1, 2))
HR_DEVICE_PRINTER: Oid = (*_HR_DEVICE, 1, 5)
"""The hrDeviceType of a printer (HOST-RESOURCES-TYPES)."""

PRT_GENERAL_CONFIG_CHANGES = MibObject("prtGeneralConfigChanges", (*_PRINTER_MIB, 5, 1, 1, 1))
PRT_GENERAL_CURRENT_LOCALIZATION = MibObject("prtGeneralCurrentLocalization", (*_PRINTER_MIB, 5, 1, 1, 2))
PRT_GENERAL_PRINTER_NAME = MibObject("prtGeneralPrinterName", (*_PRINTER_MIB, 5, 1, 1, 16))
PRT_GENERAL_SERIAL_NUMBER = MibObject("prtGeneralSerialNumber", (*_PRINTER_MIB, 5, 1, 1, 17))
PRT_ALERT_ALL_EVENTS = MibObject("prtAlertAllEvents", (*_PRINTER_MIB, 5, 1, 1, 19))
PRT_LOCALIZATION_CHARACTER_SET = MibObject("prtLocalizationCharacterSet", (*_PRINTER_MIB, 7, 1, 1, 4))

PRT_INPUT_MAX_CAPACITY = MibObject("prtInputMaxCapacity", (*_PRINTER_MIB, 8, 2, 1, 9))
PRT_INPUT_CURRENT_LEVEL = MibObject("prtInputCurrentLevel", (*_PRINTER_MIB, 8, 2, 1, 10))
PRT_INPUT_MEDIA_NAME = MibObject("prtInputMediaName", (*_PRINTER_MIB, 8, 2, 1, 12))
PRT_INPUT_NAME = MibObject("prtInputName", (*_PRINTER_MIB, 8, 2, 1, 13))
PRT_INPUT_VENDOR_NAME = MibObject("prtInputVendorName", (*_PRINTER_MIB, 8, 2, 1, 14))
PRT_INPUT_DESCRIPTION = MibObject("prtInputDescription", (*_PRINTER_MIB, 8, 2, 1, 18))

PRT_MARKER_COUNTER_UNIT = MibObject("prtMarkerCounterUnit", (*_PRINTER_MIB, 10, 2, 1, 3))
PRT_MARKER_LIFE_COUNT = MibObject("prtMarkerLifeCount", (*_PRINTER_MIB, 10, 2, 1, 4))
PRT_MARKER_POWER_ON_COUNT = MibObject("prtMarkerPowerOnCount", (*_PRINTER_MIB, 10, 2, 1, 5))
PRT_MARKER_PROCESS_COLORANTS = MibObject("prtMarkerProcessColorants", (*_PRINTER_MIB, 10, 2, 1, 6))

PRT_MARKER_SUPPLIES_COLORANT_INDEX = MibObject("prtMarkerSuppliesColorantIndex", (*_PRINTER_MIB, 11, 1, 1, 3))
PRT_MARKER_SUPPLIES_CLASS = MibObject("prtMarkerSuppliesClass", (*_PRINTER_MIB, 11, 1, 1, 4))
PRT_MARKER_SUPPLIES_TYPE = MibObject("prtMarkerSuppliesType", (*_PRINTER_MIB, 11, 1, 1, 5))
PRT_MARKER_SUPPLIES_DESCRIPTION = MibObject("prtMarkerSuppliesDescription", (*_PRINTER_MIB, 11, 1, 1, 6))
PRT_MARKER_SUPPLIES_SUPPLY_UNIT = MibObject("prtMarkerSuppliesSupplyUnit", (*_PRINTER_MIB, 11, 1, 1, 7))
PRT_MARKER_SUPPLIES_MAX_CAPACITY = MibObject("prtMarkerSuppliesMaxCapacity", (*_PRINTER_MIB, 11, 1, 1, 8))
PRT_MARKER_SUPPLIES_LEVEL = MibObject("prtMarkerSuppliesLevel", (*_PRINTER_MIB, 11, 1, 1, 9))
PRT_MARKER_COLORANT_VALUE = MibObject("prtMarkerColorantValue", (*_PRINTER_MIB, 12, 1, 1, 4))

PRT_CONSOLE_DISPLAY_BUFFER_TEXT = MibObject("prtConsoleDisplayBufferText", (*_PRINTER_MIB, 16, 5, 1, 2))

PRT_ALERT_SEVERITY_LEVEL = MibObject("prtAlertSeverityLevel", (*_PRINTER_MIB, 18, 1, 1, 2))
PRT_ALERT_GROUP = MibObject("prtAlertGroup", (*_PRINTER_MIB, 18, 1, 1, 4))
PRT_ALERT_GROUP_INDEX = MibObject("prtAlertGroupIndex", (*_PRINTER_MIB, 18, 1, 1, 5))
PRT_ALERT_LOCATION = MibObject("prtAlertLocation", (*_PRINTER_MIB, 18, 1, 1, 6))
PRT_ALERT_CODE = MibObject("prtAlertCode", (*_PRINTER_MIB, 18, 1, 1, 7))
PRT_ALERT_DESCRIPTION = MibObject("prtAlertDescription", (*_PRINTER_MIB, 18, 1, 1, 8))
PRT_ALERT_TIME = MibObject("prtAlertTime", (*_PRINTER_MIB, 18, 1, 1, 9))

ENT_PHYSICAL_FIRMWARE_REV = MibObject("entPhysicalFirmwareRev", (*_MIB_2, 47, 1, 1, 1, 1, 9))
ENT_PHYSICAL_SOFTWARE_REV = MibObject("entPhysicalSoftwareRev", (*_MIB_2, 47, 1, 1, 1, 1, 10))
ENT_PHYSICAL_SERIAL_NUM = MibObject("entPhysicalSerialNum", (*_MIB_2, 47, 1, 1, 1, 1, 11))

PPM_PRINTER_IEEE_1284_DEVICE_ID = MibObject("ppmPrinterIEEE1284DeviceId", (*_PWG_PORT_MONITOR, 1, 2, 1, 1, 3))

SUPPLY_COLUMNS = (
    PRT_MARKER_SUPPLIES_COLORANT_INDEX,
    PRT_MARKER_SUPPLIES_CLASS,
    PRT_MARKER_SUPPLIES_TYPE,
    PRT_MARKER_SUPPLIES_DESCRIPTION,
    PRT_MARKER_SUPPLIES_SUPPLY_UNIT,
    PRT_MARKER_SUPPLIES_MAX_CAPACITY,
    PRT_MARKER_SUPPLIES_LEVEL,
)
TRAY_COLUMNS = (PRT_INPUT_MAX_CAPACITY, PRT_INPUT_CURRENT_LEVEL, PRT_INPUT_MEDIA_NAME, PRT_INPUT_NAME)
MARKER_COLUMNS = (PRT_MARKER_COUNTER_UNIT, PRT_MARKER_LIFE_COUNT, PRT_MARKER_POWER_ON_COUNT, PRT_MARKER_PROCESS_COLORANTS)
ALERT_COLUMNS = (
    PRT_ALERT_SEVERITY_LEVEL,
    PRT_ALERT_GROUP,
    PRT_ALERT_GROUP_INDEX,
    PRT_ALERT_LOCATION,
    PRT_ALERT_CODE,
    PRT_ALERT_DESCRIPTION,
    PRT_ALERT_TIME,
)
PRINTER_SCALARS = (
    HR_DEVICE_TYPE,
    HR_DEVICE_DESCR,
    HR_DEVICE_STATUS,
    HR_PRINTER_STATUS,
    HR_PRINTER_DETECTED_ERROR_STATE,
    PRT_GENERAL_CONFIG_CHANGES,
    PRT_GENERAL_CURRENT_LOCALIZATION,
    PRT_GENERAL_PRINTER_NAME,
    PRT_GENERAL_SERIAL_NUMBER,
    PRT_ALERT_ALL_EVENTS,
)
"""Columns with one instance a device, the device index: asked for by instance, which is cheaper than walking them."""

SCALARS: tuple[Oid, ...] = (
    *(each.instance(0) for each in (SYS_DESCR, SYS_OBJECT_ID, SYS_UP_TIME, SYS_NAME, SYS_LOCATION)),
    *(each.instance(1) for each in PRINTER_SCALARS if each not in (HR_DEVICE_TYPE, PRT_GENERAL_CURRENT_LOCALIZATION)),
    ENT_PHYSICAL_FIRMWARE_REV.instance(1),
)
DEVICE_ID: Oid = PPM_PRINTER_IEEE_1284_DEVICE_ID.instance(1)
"""Asked for unless the texts have told all it could tell, for it is long: see `identity.is_told_by_texts`."""
COLUMNS: tuple[Oid, ...] = tuple(
    each.oid
    for each in (
        *MARKER_COLUMNS,
        *(each for each in SUPPLY_COLUMNS if each is not PRT_MARKER_SUPPLIES_COLORANT_INDEX),
        *TRAY_COLUMNS,
        PRT_CONSOLE_DISPLAY_BUFFER_TEXT,
        *ALERT_COLUMNS,
    )
)
SELDOM: frozenset[Oid] = frozenset({PRT_ALERT_SEVERITY_LEVEL.oid})
"""Those of `COLUMNS` that most devices have empty."""

PROBE: tuple[Oid, ...] = (
    SYS_OBJECT_ID.instance(0),
    SYS_DESCR.instance(0),
    HR_DEVICE_DESCR.instance(1),
    HR_PRINTER_DETECTED_ERROR_STATE.instance(1),
    PRT_GENERAL_SERIAL_NUMBER.instance(1),
)
"""What a sweep asks of an address, enough for `identity.is_imaging_device`: no text among it, and something of every table that
printers have, since each of them is missing in some."""

STANDARD: frozenset[Oid] = frozenset(
    each.oid
    for each in (
        *(SYS_DESCR, SYS_OBJECT_ID, SYS_UP_TIME, SYS_NAME, SYS_LOCATION),
        *(IF_TYPE, IF_PHYS_ADDRESS, IF_OPER_STATUS, IP_AD_ENT_IF_INDEX, IP_ADDRESS_IF_INDEX),
        *PRINTER_SCALARS,
        *(PRT_LOCALIZATION_CHARACTER_SET, *TRAY_COLUMNS, PRT_INPUT_VENDOR_NAME, PRT_INPUT_DESCRIPTION),
        *MARKER_COLUMNS,
        *SUPPLY_COLUMNS,
        *(PRT_MARKER_COLORANT_VALUE, PRT_CONSOLE_DISPLAY_BUFFER_TEXT, *ALERT_COLUMNS),
        *(ENT_PHYSICAL_FIRMWARE_REV, ENT_PHYSICAL_SOFTWARE_REV, ENT_PHYSICAL_SERIAL_NUM, PPM_PRINTER_IEEE_1284_DEVICE_ID),
    )
)
"""The subtrees of the standard MIBs the collector may ask for."""


def is_private(oid: Oid) -> bool:
    """Return whether `oid` is a vendor's own, by the tree it stands in; the PWG's is none."""
    return oid[:6] == _ENTERPRISES and oid[:8] != _PWG_PORT_MONITOR[:8]


def interface_of(address: str) -> Oid | None:
    """Return the instance that names the interface of `address`: ipAdEntIfIndex (IPv4) or ipAddressIfIndex (IPv6).

    None when `address` is no IP address.
    """
    octets = _octets(address)
    if octets is not None and len(octets) == 4:
        return IP_AD_ENT_IF_INDEX.instance(*octets)
    return ip_address_if_index(address)


def ip_address_if_index(address: str) -> Oid | None:
    """Return the ipAddressIfIndex instance of `address`: type (ipv4 1, ipv6 2), length and octets (RFC 4001), or None."""
    octets = _octets(address)
    if octets is None:
        return None
    return IP_ADDRESS_IF_INDEX.instance(1 if len(octets) == 4 else 2, len(octets), *octets)


def _octets(address: str) -> bytes | None:
    try:
        return ip_address(address).packed
    except ValueError:
        return None
