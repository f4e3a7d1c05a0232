"""Host names, addresses and MAC addresses of all devices of the site, so that one device's texts do not tell another one's."""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from appliance.privacy.host_names import NameIndex, first_label
from appliance.privacy.vocabulary import ORDINARY
from appliance.report import Device

_SHORTEST_NAME = 2
"""A host name of another device that is shorter, or has no letter in it, would be found in numbers."""
OF_SERIAL = "serial:"
"""How the key of a device begins that is made of its serial number."""
_LONGEST_KEY = 200
_LETTER = re.compile(r"[^\W\d_]")
_HEX = re.compile("[^0-9a-f]")


class KnownDevices:
    """What is known of the devices. One for the process that reads them, which adds to it."""

    def __init__(self, devices: Iterable[Device] = ()) -> None:
        self.names = NameIndex()
        self.addresses: set[str] = set()
        self.macs: set[str] = set()
        self.public: set[str] = set()
        """Host names that are no secret: that of the hosting server."""
        self.keys: set[str] = set()
        """Keys of devices that are made of their serial number."""
        self.numbers: dict[str, tuple[str, ...]] = {}
        """By the key of a device the numbers that are billed by, of the device and of its supplies."""
        for device in devices:
            self.add(device)

    def add(self, device: Device) -> None:
        """Know this device, too."""
        if device.key.startswith(OF_SERIAL):
            self.keys.add(device.key)
        self.add_name(device.hostname)
        self.add_address(device.ip)
        if mac := mac_digits(device.mac):
            self.macs.add(mac)

    def add_name(self, name: str | None) -> None:
        """Know this host name, and what it is called for short; a word that panels are made of is none to look for."""
        for one in (name, first_label(name)) if name else ():
            if one and len(one) >= _SHORTEST_NAME and one.lower() not in ORDINARY and _LETTER.search(one):
                self.names.add(one)

    def key_at(self, text: str, begin: int) -> str | None:
        """Return the key of a device that stands at a place of a text."""
        for end in range(min(len(text), begin + _LONGEST_KEY), begin + len(OF_SERIAL), -1):
            if text[begin:end] in self.keys and not text[end : end + 1].isalnum():
                return text[begin:end]
        return None

    def add_public(self, *addresses: str | None) -> None:
        """Know the host names in these web addresses as names that are no secret."""
        self.public |= {name for address in addresses if (name := urlsplit(address or "").hostname)}

    def add_address(self, address: str | None) -> None:
        """Know this address, if it is one of IPv4: others are known by their form."""
        try:
            self.addresses.add(str(ipaddress.IPv4Address(address or "")))
        except ValueError:
            return


def mac_digits(mac: str | None) -> str | None:
    """Return the twelve digits of a MAC address, None where it is none."""
    digits = _HEX.sub("", (mac or "").lower())
    return digits if len(digits) == 12 else None
