"""Serial and part numbers and firmware, which are billed by: wherever they stand in a text, they stay as they are. Pure.

One that looks like what is masked speaks for no other text: a firmware called 10.1.2.3 does not let out an address. It is sent
itself all the same.
"""

import ipaddress
from collections.abc import Iterable

from appliance.privacy.addresses import ip_address_forms, mac_address_forms, without_ip_addresses, without_mac_addresses
from appliance.privacy.phone_numbers import is_called_phone
from appliance.report import Reading


def known_numbers(reading: Reading) -> tuple[str, ...]:
    """Return serial number, firmware, and the numbers of the supplies, as far as no mask would be gone around by them."""
    device = reading.device
    parts = (text for row in reading.supplies for text in (row.serial, row.part_number))
    names = {name.strip().casefold() for name in (device.hostname, device.location) if name}
    panel = (*reading.status.console, *(alert.description for alert in reading.alerts if alert.description))
    numbers = dict.fromkeys(text for text in (device.serial, device.firmware, *parts) if text)
    said = (text for text in numbers if text.strip().casefold() not in names)
    return tuple(text for text in said if not _is_address(text) and not _is_phone(text, panel))


def _is_address(number: str) -> bool:
    """Return whether all of a number is an IP address, unless it may be a version, or a MAC address with something in between."""
    try:
        return not ipaddress.IPv4Address(number).is_global
    except ValueError:
        ip = without_ip_addresses(number, lambda _: "", lambda _: False, ip_address_forms(number))
        mac = without_mac_addresses(number, lambda _: "", lambda _: False, mac_address_forms(number))
        return "" in (ip.strip(), mac.strip())


def _is_phone(number: str, panel: Iterable[str]) -> bool:
    return any(number in line and is_called_phone(number, line) for line in panel)
