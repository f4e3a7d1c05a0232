"""Finding IP and MAC addresses in texts by their form, in every spelling that devices and their makers use. Pure.

What merely looks like an address stays: object identifiers and versions of other lengths, versions that are called one
("Firmware 1.2.3.4", unless the address is no public one), times, and UUIDs.
"""

import ipaddress
import re
from collections.abc import Callable

from appliance.privacy.forms import Form, Forms, found_in
from appliance.privacy.look_alikes import Replacement, replace_found

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Spare = Callable[[re.Match[str]], bool]
"""Whether what was found is something else, and stays."""

_IPV4 = re.compile(
    r"(?<!\d)(?<!\d\.)(?P<address>\d{1,3}(?:\.[ ]{0,2}\d{1,3}){3})(?!\d)(?!\.\d)(?P<reverse>\.in-addr\.arpa)?", re.IGNORECASE
)
_VERSION = re.compile(
    r"(?<![^\W\d_])(?:firmware|fw|f/w|version|vers?|v|rev(?:ision)?|release|rel|build|kernel|software|driver)[\s:.=#_-]{0,3}\Z",
    re.IGNORECASE,
)
_LONGEST_WORD = 16
_GROUP = "[0-9a-f]{1,4}"
_ZONE = r"(?:%[0-9a-z_.-]+)?"
_TAIL = r"(?:\d{1,3}\.){3}\d{1,3}(?!\d)"
_IPV6_SHORT = re.compile(
    rf"(?P<address>(?:{_GROUP}(?::{_GROUP}){{0,6}})?::(?:(?:{_GROUP}:){{0,6}}(?:{_TAIL}|{_GROUP}))?){_ZONE}", re.IGNORECASE
)
_IPV6_LONG = re.compile(rf"(?P<address>(?:{_GROUP}:){{6}}{_TAIL}|{_GROUP}(?::{_GROUP}){{7,}}){_ZONE}", re.IGNORECASE)
_IPV6_REVERSE = re.compile(r"(?P<address>(?:[0-9a-f]\.){8,32})ip6\.arpa", re.IGNORECASE)

_AFTER_A_WORD = (
    r"(?<![^\W\d_])(?:(?:wi-?fi|wlan|lan|nic|bluetooth|ethernet)[\s_-]?)?(?:mac|bssid"
    r"|(?:ethernet|hardware|hw|phys(?:ical)?|wireless|wi-?fi|wlan|lan|nic|node|station|network|bluetooth)"
    r"(?:[\s_-]?(?:address|addr|adresse|adr|id)))(?:[\W_]{0,3}[^\W\d_]{1,12}){0,2}[\W_]{0,8}"
    r"(?P<mac>[0-9a-f]{2}(?:[\W_]{0,2}[0-9a-f]{2}){5})(?![0-9a-f])"
)
"""After a word for it any twelve digits are one, however they are parted."""
_BY_COLONS = r"(?P<mac>[0-9a-f]{1,4}(?::[0-9a-f]{1,2}){5}(?::[0-9a-f]{1,2}){0,2})(?![0-9a-f])"
_PAIRS = r"(?<!\d)(?P<mac>[0-9a-f]{2}(?P<gap>[-_. ])[0-9a-f]{2}(?:(?P=gap)[0-9a-f]{2}){4,6})(?![0-9a-f])"
_NOT_IN_UUID = r"(?<![0-9a-f])(?<![0-9a-f]-)"
_FOURS = rf"{_NOT_IN_UUID}(?P<mac>[0-9a-f]{{4}}(?P<gap>[.:-])[0-9a-f]{{4}}(?P=gap)[0-9a-f]{{4}})(?![0-9a-f])(?![-.:][0-9a-f])"
_HALVES = rf"{_NOT_IN_UUID}(?P<mac>(?=[0-9:-]*[a-f])[0-9a-f]{{6}}[:-][0-9a-f]{{6}})(?![0-9a-f])(?!-[0-9a-f])"
_HEXADECIMAL = r"(?<![0-9a-z])0x(?P<mac>[0-9a-f]{12})(?![0-9a-f])"
_MACS = tuple(
    Form(re.compile(pattern, re.IGNORECASE), needs)
    for pattern, needs in (
        (_AFTER_A_WORD, ("mac", "bssid", "add", "adr", "id")),
        (_BY_COLONS, (":",)),
        (_PAIRS, ("-", "_", ".", " ")),
        (_FOURS, ("-", ".", ":")),
        (_HALVES, ("-", ":")),
        (_HEXADECIMAL, ("0x",)),
    )
)
_RUN_BEFORE, _RUN_AFTER = re.compile("[0-9a-f:]{0,40}\\Z", re.IGNORECASE), re.compile("[0-9a-f:]{0,40}", re.IGNORECASE)
_MAY_BE = re.compile(r"\d|::|[0-9a-f]{2}([:._ -])[0-9a-f]{2}\1", re.IGNORECASE)


_IPS = (
    Form(_IPV6_SHORT, ("::",)),
    Form(_IPV6_LONG, (":",)),
    Form(_IPV6_REVERSE, ("ip6.arpa",)),
    Form(_IPV4, (".",)),
)


def ip_address_forms(seen: str) -> Forms:
    """Return the forms of IP addresses that a text, as it is searched, may hold."""
    return found_in(_IPS, seen) if _MAY_BE.search(seen) else ()


def mac_address_forms(seen: str) -> Forms:
    """Return the forms of MAC addresses that a text, as it is searched, may hold."""
    return found_in(_MACS, seen) if _MAY_BE.search(seen) else ()


def without_ip_addresses(text: str, form: Callable[[str], str], spare: Spare, forms: Forms) -> str:
    """Return `text` with `form(address)` in place of each IP address; `forms` are those that it may hold."""

    def instead(found: re.Match[str], address: str) -> Replacement | None:
        return None if spare(found) else Replacement(found.start(), found.end(), form(address))

    def short(found: re.Match[str]) -> Replacement | None:
        address = found["address"]
        groups = [group for group in address.split(":") if group]
        if not groups or (len(groups) < 3 and not any(character.isdigit() for character in address)):
            return None  # `::` between two words
        if address.endswith("::") and found.string[found.end() : found.end() + 1] == "x":
            return None  # masked already
        return instead(found, address)

    def long(found: re.Match[str]) -> Replacement | None:
        groups = found["address"].split(":")
        # Eight pairs are a MAC address of 64 bits.
        return None if len(groups) == 8 and all(len(group) == 2 for group in groups) else instead(found, ":".join(groups[:8]))

    def reverse(found: re.Match[str]) -> Replacement | None:
        digits = found["address"].replace(".", "")[::-1].ljust(32, "0")
        return instead(found, str(ipaddress.IPv6Address(int(digits, 16))))

    def dotted(found: re.Match[str]) -> Replacement | None:
        address = _ipv4(found["address"])
        if address is None or _is_version(found, address):
            return None
        if found["reverse"]:
            return instead(found, ".".join(reversed(str(address).split("."))))
        return instead(found, str(address))

    changes = {_IPV6_SHORT: short, _IPV6_LONG: long, _IPV6_REVERSE: reverse, _IPV4: dotted}
    for pattern in forms:
        text = replace_found(text, pattern, changes[pattern])
    return text


def without_mac_addresses(text: str, form: Callable[[str], str], spare: Spare, forms: Forms) -> str:
    """Return `text` with `form(mac)` in place of each MAC address, which is given as twelve digits in pairs with colons."""

    def instead(found: re.Match[str]) -> Replacement | None:
        begin, end = found.span("mac")
        mac = found["mac"]
        if ":" in mac and _is_within_ipv6(found.string, begin, end):
            return None
        label, _, rest = mac.partition(":")
        if rest.count(":") >= 5 and (len(label) > 2 or found.string[begin - 1 : begin].isalnum()):
            # A word in front of it that is made of the same letters, as the end of `MAC:` is.
            begin, mac = begin + len(label) + 1, rest
        return None if spare(found) else Replacement(begin, end, form(plain_mac(mac)))

    for pattern in forms:
        text = replace_found(text, pattern, instead)
    return text


def plain_mac(mac: str) -> str:
    """Return a MAC address, however it is written, as pairs of small letters with colons."""
    parts = re.split("[^0-9A-Fa-f]+", mac)
    digits = "".join(part.zfill(2) if len(parts) in (6, 8) else part for part in parts).lower()
    return ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))


def _is_within_ipv6(text: str, begin: int, end: int) -> bool:
    """Return whether these groups are some of those of an IPv6 address."""
    before, after = _RUN_BEFORE.search(text[:begin]), _RUN_AFTER.match(text, end)
    groups = f"{before[0] if before else ''}{text[begin:end]}{after[0] if after else ''}".split(":")
    pairs = all(len(group) == 2 for group in groups[-6:])
    return not pairs and (len(groups) >= 8 or "" in groups[1:-1])


def _ipv4(text: str) -> ipaddress.IPv4Address | None:
    """Return the address, also where a panel fills its numbers up with zeros: `192.000.002.006`."""
    octets = text.replace(" ", "").split(".")
    if any(int(octet) > 255 or (octet[0] == "0" and len(octet) == 2) for octet in octets):
        return None
    return ipaddress.IPv4Address(".".join(str(int(octet)) for octet in octets))


def _is_version(found: re.Match[str], address: ipaddress.IPv4Address) -> bool:
    """Return whether the text calls this a version, and it is none of the addresses of a site."""
    before = found.string[max(0, found.start() - _LONGEST_WORD) : found.start()]
    return address.is_global and _VERSION.search(before) is not None
