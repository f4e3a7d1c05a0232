"""What two keys of devices have in common. Pure.

A key is `serial:MAKER:SERIAL`, else `mac:HEX`, else `address:IP`; of a printer that the site names by an IPP target
`address:ipp-HASH`, for people choose the names of queues, and a key leaves the site. Which maker stands in it, and how the serial
number is spelled, depends on where the collector has read them: one device may give several keys over the years.
"""

import hashlib
import re

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What no key has that a server takes: PostgreSQL does not store all of them, and no address shows one."""

_SERIAL = "serial:"


def device_key(manufacturer: str | None, serial: str | None, mac: str | None, address: str) -> str:
    """Return the key of a device: `serial:MAKER:SERIAL`, else `mac:HEX`, else `address:IP` (provisional).

    `address` is where it is read: its IP address, or the URI of an IPP target.
    """
    if serial:
        return f"serial:{(manufacturer or 'unknown').upper()}:{serial.upper()}"[:200]
    if mac:
        return f"mac:{mac.replace(':', '')}"
    if "://" in address:
        return f"address:ipp-{hashlib.sha256(address.encode()).hexdigest()[:16]}"
    return f"address:{address}"


def is_by_serial(key: str) -> bool:
    """Return whether a key is made of a serial number; others are provisional."""
    return key.startswith(_SERIAL)


def maker_in(key: str) -> str:
    """Return the maker in a key that is made of a serial number, empty in others."""
    return key.split(":", 2)[1] if is_by_serial(key) else ""


def are_of_one_serial(key: str, other: str) -> bool:
    """Return whether two keys have the same serial number, whoever is named as maker and with zeros before it or without."""
    return is_by_serial(key) and is_by_serial(other) and spelled_alike(_serial_in(key), _serial_in(other))


def are_alike(key: str, other: str) -> bool:
    """Return whether two keys have the same serial number of the same maker, with zeros before it or without."""
    return are_of_one_serial(key, other) and maker_in(key) == maker_in(other)


def spelled_alike(serial: str, other: str) -> bool:
    """Return whether two spellings are of one serial number: but for capitals, what separates groups, and zeros before it."""
    return _bare(serial) == _bare(other)


def _serial_in(key: str) -> str:
    return key.split(":", 2)[-1]


def _bare(serial: str) -> str:
    return "".join(filter(str.isalnum, serial.upper())).lstrip("0")
