"""What a definition may ask devices for: an allow-list by meaning, the same for built-in, signed and local definitions.

- Of each vendor only the subtrees below may be asked for, each as what it is: identity, names and places, status, meters, supplies.
  What is not listed is refused, so jobs, users, address books, logs and accounting are, whoever the vendor is.
- An object gives what its meaning allows. A host name cannot go out as `misc.note`, where no mask for host names would see it;
  of meters, supplies and status only numbers go out, but for the display and the words of a supply.
- What is never masked (serial and part numbers, firmware, numbers in `misc`) comes from objects that are such a number. Free texts,
  such as sysDescr, the display or the descriptions of supplies, give none of it, not by a pattern either.
- A vendor that is not listed has nothing to be asked for: its subtrees come with a version that people have signed, not with
  a configuration.

Where the subtrees are from: docs/decisions/0029-definitions-are-bounded-by-meaning.md.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, Literal, get_args

from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.snmp.values import Oid, format_oid

Meaning = Literal[
    "identity",
    "description",
    "host name",
    "location",
    "asset number",
    "status",
    "display",
    "meters",
    "supplies",
]
NUMBERS: Final[frozenset[Meaning]] = frozenset({"status", "meters", "supplies"})
"""Meanings of which `misc` takes numbers alone."""

ENTERPRISES: Final[Oid] = (1, 3, 6, 1, 4, 1)
SHARED: Final[frozenset[Oid]] = frozenset({(*ENTERPRISES, 11, 2, 3, 9, 1, 1, 7)})
"""Objects of one vendor that print servers of others answer too: the IEEE 1284 device ID of HP's JetDirect."""

FORBIDDEN: Final[Mapping[Oid, str]] = {
    (*ENTERPRISES, 1248, 1, 2, 2, 44): "the remote mode of Epson devices, which carries EEPROM commands",
    (*ENTERPRISES, 1248, 1, 1, 3, 1, 2): "the SNMP communities of Epson devices",
    (*ENTERPRISES, 11, 2, 3, 9, 1, 1, 13): "the password of HP print servers",
    (*ENTERPRISES, 11, 2, 3, 9, 4, 2, 1, 3, 9, 1): "the passwords of HP devices",
    (*ENTERPRISES, 11, 2, 3, 9, 4, 2, 1, 1, 6): "the jobs of HP devices",
    (*ENTERPRISES, 253, 8, 59): "the jobs of Xerox devices (XEROX-JOB-MONITORING-MIB)",
    (*ENTERPRISES, 683, 6, 2, 6): "the job log of Zebra print servers",
    (*ENTERPRISES, 2136): "the jobs and accounts of Fiery controllers",
    (*ENTERPRISES, 2699, 1, 1): "the jobs of a printer (Job-Monitoring-MIB)",
    (*ENTERPRISES, 2699, 1, 2, 1, 2, 1, 1, 7): "the SNMP communities of a printer (PWG Printer Port Monitor MIB)",
}
"""Subtrees that are refused by name, and what is in them."""

_TREES: Final[Mapping[int, Mapping[Meaning, str]]] = {
    11: {  # HP
        "identity": "2.3.9.1.1.7 2.3.9.4.2.1.1.3.1 2.3.9.4.2.1.1.3.2 2.3.9.4.2.1.1.3.3 2.3.9.4.2.1.1.3.5 2.3.9.4.2.1.1.3.6",
        "location": "2.3.9.4.2.1.1.3.11",
        "asset number": "2.3.9.4.2.1.1.3.12",
        "status": "2.3.9.1.1.2",
        "display": "2.3.9.1.1.3",
        "meters": "2.3.9.4.2.1.1.16.1.1 2.3.9.4.2.1.1.16.1.20 2.3.9.4.2.1.1.16.1.44 2.3.9.4.2.1.1.16.1.47"
        " 2.3.9.4.2.1.2.2.1.74 2.3.9.4.2.1.4.1.2",
        "supplies": "2.3.9.4.2.1.4.1.10",
    },
    128: {"identity": "2.1.3.1.2"},  # Tektronix, now Xerox
    236: {  # Samsung
        "identity": "11.5.1.1.1.1 11.5.1.1.1.2 11.5.1.1.1.4",
        "display": "11.5.1.1.9.20",
        "meters": "11.5.11.53.11.2.1",
        "supplies": "11.5.1.1.3.22 11.5.11.53.61.5.2.1",
    },
    253: {"identity": "8.51.1.2.1.20 8.53.3.2.1.3", "meters": "8.53.13.2.1"},  # Xerox
    258: {"meters": "402.1.4.2.1.7"},  # Panasonic
    297: {"identity": "1.111.1.31.10"},  # FUJIFILM
    367: {  # Ricoh
        "identity": "3.2.1.1.1.1 3.2.1.1.1.2 3.2.1.2.1.4 3.2.1.2.20.1",
        "host name": "3.2.1.6.1.1.7",
        "meters": "3.2.1.2.19",
        "supplies": "3.2.1.2.24.1.1",
    },
    641: {  # Lexmark
        "identity": "2.1.2.1.2 2.1.2.1.3 2.1.2.1.4 2.1.2.1.6 6.2.3.1.4 6.2.3.1.5 6.3.3.1.7",
        "meters": "2.1.5 6.4.2",
        "supplies": "6.4.4",
    },
    674: {"identity": "10898.100.1.1.1 10898.100.2.1.2.1.2 10898.100.2.1.2.1.3"},  # Dell
    683: {"identity": "1.4 1.5"},  # ZebraNet
    1129: {  # Toshiba
        "identity": "2.3.50.1.2.3.1.3 2.3.50.1.2.4.1.62 1.2.1.1.1.1.1 1.2.1.1.1.1.2 1.2.1.1.1.2.1 1.2.1.1.1.2.2",
        "meters": "2.3.50.1.3.21.6.1",
    },
    1248: {  # Epson
        "identity": "1.1.3.1.1.1 1.1.3.1.21.1.1.2 1.2.2.1.1.1.1 1.2.2.1.1.1.2 1.2.2.1.1.1.5 1.2.2.2.1.1",
        "meters": "1.2.2.6.1.1 1.2.2.27",
        "supplies": "1.2.2.28.1.1",
    },
    1347: {  # Kyocera
        "identity": "40.1.1.1.8 43.5.1.1.1 43.5.1.1.28 43.5.4.1.5",
        "host name": "40.10.1.1.5",
        "display": "43.18.2.1.2",
        "meters": "42.2.1.1.1 42.2.5.1.1 42.3.1 43.10.1.1.12 46.10.1.1.5",
    },
    1552: {"meters": "21.3.1.1.5"},  # Océ
    1602: {  # Canon
        "identity": "1.1.1.1 1.1.1.4 1.2.1.4 1.2.1.8.1.3",
        "meters": "1.11.1.3.1 1.11.2.1.1",
        "supplies": "1.5.1.6.2.2.1.2",
    },
    2001: {  # OKI
        "identity": "1.1.1.1.11.1.10.25 1.1.1.1.11.1.10.45",
        "meters": "1.1.1.1.100.1",
        "supplies": "1.1.1.1.100.3 1.1.1.1.100.4 1.1.1.1.100.5 1.1.1.1.100.6",
    },
    2385: {"identity": "2.1.1.2.1.2", "meters": "1.1.19.2.1"},  # Sharp
    2435: {  # Brother
        "identity": "2.3.9.1.1.7 2.3.9.4.2.1.5.5.1 2.3.9.4.2.1.5.5.17 2.4.3.1240.1.4 2.4.3.1240.1.12"
        " 2.4.3.1240.6.5 2.4.3.2435.5.13.3",
        "host name": "2.4.3.1240.1.1",
        "display": "2.3.9.4.2.1.5.4.5.2",
        "meters": "2.3.9.4.2.1.5.5.8 2.3.9.4.2.1.5.5.10 2.3.9.4.2.1.5.5.11 2.3.9.4.2.1.5.5.54.2.2.1",
        "supplies": "2.3.9.4.2.1.5.5.8 2.3.9.4.2.1.5.5.11",
    },
    10642: {"identity": "1.1 1.2 1.9", "meters": "200.17.3"},  # Zebra
    18334: {  # Konica Minolta
        "identity": "1.1.1.1.6.1 1.1.1.1.6.2 1.1.1.5.5.1.1",
        "meters": "1.1.1.5.7.2",
    },
    32473: dict.fromkeys(get_args(Meaning), ""),
    # The number for examples in documents (RFC 5612): no device has it.
    40093: {  # Pantum
        "identity": "1.1.1.1 1.1.1.5 6.1.2 10.1.1.4",
        "meters": "1.1.3 10.3.1",
        "supplies": "6.3.1 8.1.4",
    },
}
"""By enterprise number the subtrees of each meaning, without the prefix of the enterprise."""

_STANDARD: Final[Mapping[Meaning, tuple[MibObject, ...]]] = {
    "identity": (
        *(mib.PRT_GENERAL_SERIAL_NUMBER, mib.PPM_PRINTER_IEEE_1284_DEVICE_ID),
        *(mib.ENT_PHYSICAL_FIRMWARE_REV, mib.ENT_PHYSICAL_SOFTWARE_REV, mib.ENT_PHYSICAL_SERIAL_NUM),
    ),
    "description": (mib.SYS_DESCR, mib.HR_DEVICE_DESCR),
    "host name": (mib.SYS_NAME, mib.PRT_GENERAL_PRINTER_NAME),
    "location": (mib.SYS_LOCATION,),
    "status": (
        *(mib.HR_DEVICE_STATUS, mib.HR_PRINTER_STATUS, mib.HR_PRINTER_DETECTED_ERROR_STATE, mib.PRT_GENERAL_CONFIG_CHANGES),
    ),
    "display": (mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT,),
    "meters": mib.MARKER_COLUMNS,
    "supplies": tuple(each for each in mib.SUPPLY_COLUMNS if each is not mib.PRT_MARKER_SUPPLIES_DESCRIPTION),
}
"""What objects of the standard MIBs mean; the others of `objects.STANDARD` are for the product alone."""

_TAKEN: Final[Mapping[str, frozenset[Meaning]]] = {
    "device.hostname": frozenset({"host name"}),
    "device.location": frozenset({"location"}),
    "device.asset_number": frozenset({"asset number", "location", "host name", "identity"}),
    "device.model": frozenset({"identity", "description"}),
    "status.console": frozenset({"display"}),
    **dict.fromkeys(("device.serial", "device.firmware", "device.device_id"), frozenset[Meaning]({"identity"})),
}


def meanings_for(item: str, *, number: bool) -> frozenset[Meaning]:
    """Return what an object has to mean to give `item`; `number`: nothing but a number of it goes out."""
    if item.startswith("meters."):
        return frozenset({"meters"})
    if item.startswith("misc."):
        return frozenset({"identity", *(NUMBERS if number else ())})
    return _TAKEN[item]


@cache
def _prefixes() -> Mapping[Oid, frozenset[Meaning]]:
    found: dict[Oid, set[Meaning]] = {}
    for number, trees in _TREES.items():
        for meaning, suffixes in trees.items():
            for suffix in suffixes.split() or [""]:
                prefix = (*ENTERPRISES, number, *(map(int, suffix.split(".")) if suffix else ()))
                found.setdefault(prefix, set()).add(meaning)
    for meaning, objects in _STANDARD.items():
        for each in objects:
            found.setdefault(each.oid, set()).add(meaning)
    return {prefix: frozenset(meanings) for prefix, meanings in found.items()}


def meanings_of(oid: Oid) -> frozenset[Meaning]:
    """Return what an object means, by the longest subtree that is listed; nothing where none is."""
    prefixes = _prefixes()
    return next((prefixes[oid[:length]] for length in range(len(oid), 6, -1) if oid[:length] in prefixes), frozenset())


def subtrees() -> Iterator[tuple[Oid, frozenset[Meaning]]]:
    """Return all that is listed."""
    yield from _prefixes().items()


def is_known(enterprise: int) -> bool:
    """Return whether anything of an enterprise number may be asked for."""
    return enterprise in _TREES


def is_forbidden(oid: Oid) -> str | None:
    """Return what an object, or something below it, is that is refused by name; None where there is no such thing."""
    for forbidden, what in FORBIDDEN.items():
        if oid[: len(forbidden)] == forbidden or forbidden[: len(oid)] == oid:
            return f"{format_oid(forbidden)} is never asked for: {what}"
    return None


def why_not(oid: Oid, needed: frozenset[Meaning], item: str) -> str | None:
    """Return why an object may not be asked for as `item`, which takes objects that mean one of `needed`; None when it may."""
    if reason := is_forbidden(oid):
        return reason
    found = meanings_of(oid)
    if not found and oid[:6] == ENTERPRISES and not is_known(oid[6]):
        return (
            f"no object of the enterprise number {oid[6]} is known to be free of names, so none is asked for; a new vendor comes "
            "with a new version of the appliance"
        )
    if not found:
        return (
            f"{format_oid(oid)} is not among the objects of identity, status, meters and supplies that are known of this vendor; "
            "others may hold names of people or documents and are never asked for. Leave it out"
        )
    if not found & needed:
        return f"{item} takes {_listed(needed)}, and {format_oid(oid)} is {_listed(found)}" + (
            '; write format = "integer" where it is a number' if item.startswith("misc.") and found & NUMBERS else ""
        )
    return None


def _listed(meanings: frozenset[Meaning]) -> str:
    return " or ".join(sorted(meanings))
