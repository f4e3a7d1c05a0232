"""Finding IP and MAC addresses in texts by their form, in every spelling that devices and their makers use. Pure.

What merely looks like an address stays: object identifiers and versions of other lengths, versions that are called one
("Firmware 1.2.3.4", unless the address is no public one), times, and UUIDs.
"""

import ipaddress
import re
from collections.abc import Callable
from functools import partial

from appliance.privacy.forms import Form, Forms, found_in
from appliance.privacy.look_alikes import Replacement, replace_found

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Spare = Callable[[re.Match[str]], bool]
"""Whether what was found is something else, and stays."""

_IPV4 = re.compile(
    r"(?<!\d)(?<!\d\.)(?P<address>\d{1,3}(?:[ ]{0,2}\.[ ]{0,2}\d{1,3}){3})(?!\d)(?!\.\d)(?P<reverse>\.in-addr\.arpa)?",
    re.IGNORECASE,
)
_IPV4_BY_HYPHENS = re.compile(
    r"(?<![\d-])(?:(?<![^\W_])(?P<address>(?:192-168|169-254|172-(?:1[6-9]|2\d|3[01]))-\d{1,3}-\d{1,3})"
    r"|(?<![^\W\d_])ip(?:v4)?(?:[\s_-]?addr(?:ess)?)?[\s:=_-]{1,3}(?P<marked>\d{1,3}(?:-\d{1,3}){3}))(?![\w-])",
    re.IGNORECASE,
)
"""By hyphens, as in names of hosts, where it is an address of a site or is said to be one: dates and part numbers look so, too."""
_PADDED = re.compile(r"(?:\A|\.)0\d(?:\.|\Z)")
_OF_SITES = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")))
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
_IPV6_BARE = re.compile(
    r"(?<![^\W\d_])(?:ip(?:v?6)?|inet6?|gateway)(?:[\s_-]?(?:addr(?:ess)?|adresse))?[\W_]{0,4}(?P<address>[0-9a-f]{32})(?![0-9a-f])"
    r"|(?<![0-9a-f-])(?P<groups>(?:[23]|fe[89ab]|f[cd])[0-9a-f]{1,3}(?:-[0-9a-f]{4}){7})(?![\w-])",
    re.IGNORECASE,
)
"""Without colons: 32 digits that are said to be one, eight groups as addresses of networks begin."""
_LETTERS_ALONE = re.compile(r"f[cde][a-f]{2}::.*|[a-f]{4}::[a-f]{4}", re.IGNORECASE)
_IPV6_REVERSE = re.compile(r"(?P<address>(?:[0-9a-f]\.){8,32})ip6\.arpa", re.IGNORECASE)

_AFTER_A_WORD = (
    r"(?<![^\W\d_])(?:(?:wi-?fi|wlan|lan|nic|bluetooth|ethernet)[\s_-]?)?(?:mac|bssid"
    r"|(?:ethernet|hardware|hw|phys(?:ical)?|wireless|wi-?fi|wlan|lan|nic|node|station|network|bluetooth)"
    r"(?:[\s_-]?(?:address|addr|adresse|adr|id)))(?:[\W_]{0,3}[^\W\d_]{1,12}){0,2}[\W_]{0,8}"
    r"(?P<mac>[0-9a-f]{2}(?:[\W_]{0,2}[0-9a-f]{2}){5})(?![0-9a-f])"
)
"""After a word for it any twelve digits are one, however they are parted."""
_BARE_AFTER_A_WORD = (
    r"(?<![^\W\d_])(?:wi-?fi|wlan|lan|nic|ether(?:net)?|bluetooth|hw-?addr|(?:adresse|address|indirizzo|direcci[oó]n|endere[cç]o)"
    r"[\s-](?:physique|mat[ée]rielle|fisico|f[íi]sica|f[íi]sico)|hardware[\s-]?adresse|物理地址|物理アドレス|硬件地址)"
    r"(?:\s?\d)?[\s:=#._()-]{0,4}(?P<mac>[0-9a-f]{12})(?![0-9a-z])"
)
_MIXED = (
    r"(?<![0-9a-f:-])(?P<mac>[0-9a-f]{2}(?P<mixed>(?:[ ]{0,2}[:-][ ]{0,2}[0-9a-f]{2}){5}))(?![0-9a-f])"
    r"(?![ ]{0,2}[:-][ ]{0,2}[0-9a-f])"
)
"""Pairs by colons and hyphens, with or without blanks."""
_TIMES = re.compile(
    r"[012]\d:[0-5]\d:[0-5]\d ?- ?[012]\d:[0-5]\d:[0-5]\d|\d\d-\d\d-\d\d[ :-]{1,3}[012]\d:[0-5]\d:[0-5]\d|(?:\d\d ?- ?){5}\d\d"
)
"""From one time to another, a date and a time, numbers by hyphens."""
_BY_COMMAS = r"(?<![\w,])(?P<mac>(?=[0-9, ]*[a-f])[0-9a-f]{2}(?:,[ ]?[0-9a-f]{2}){5})(?!\w)(?!,[ ]?[0-9a-f]{2}(?!\w))"
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
        (
            _BARE_AFTER_A_WORD,
            ("wifi", "wi-fi", "lan", "nic", "ether", "bluetooth", "hw", "adr", "addr", "dire", "ende", "物理", "硬件"),
        ),
        (_BY_COLONS, (":",)),
        (_PAIRS, ("-", "_", ".", " ")),
        (_MIXED, (":", "-")),
        (_BY_COMMAS, (",",)),
        (_FOURS, ("-", ".", ":")),
        (_HALVES, ("-", ":")),
        (_HEXADECIMAL, ("0x",)),
    )
)
_LONGEST_RUN = 40
_RUN_BEFORE, _RUN_AFTER = re.compile("[0-9a-f:]*\\Z", re.IGNORECASE), re.compile(f"[0-9a-f:]{{0,{_LONGEST_RUN}}}", re.IGNORECASE)
_MAY_BE = re.compile(r"\d|::|[0-9a-f]{2}([:._ -])[0-9a-f]{2}\1", re.IGNORECASE)


_IPS = (
    Form(_IPV6_SHORT, ("::",)),
    Form(_IPV6_LONG, (":",)),
    Form(_IPV6_REVERSE, ("ip6.arpa",)),
    Form(_IPV6_BARE, ("ip", "inet", "gateway", "-")),
    Form(_IPV4, (".",)),
    Form(_IPV4_BY_HYPHENS, ("-",)),
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
        words = len(groups) < 3 and not any(character.isdigit() for character in address)
        if not groups or (words and not _LETTERS_ALONE.fullmatch(address)):
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

    changes: dict[re.Pattern[str], Callable[[re.Match[str]], Replacement | None]] = {
        _IPV6_SHORT: short,
        _IPV6_LONG: long,
        _IPV6_REVERSE: reverse,
        _IPV6_BARE: partial(_bare, form=form, spare=spare),
        _IPV4: dotted,
        _IPV4_BY_HYPHENS: partial(_by_hyphens, form=form, spare=spare),
    }
    for pattern in forms:
        text = replace_found(text, pattern, changes[pattern])
    return text


def _bare(found: re.Match[str], form: Callable[[str], str], spare: Spare) -> Replacement | None:
    group = "address" if found["address"] else "groups"
    digits = found[group].replace("-", "").rjust(32, "0")
    return None if spare(found) else Replacement(*found.span(group), form(str(ipaddress.IPv6Address(int(digits, 16)))))


def _by_hyphens(found: re.Match[str], form: Callable[[str], str], spare: Spare) -> Replacement | None:
    group = "address" if found["address"] else "marked"
    octets = found[group].split("-")
    if spare(found) or any(int(octet) > 255 for octet in octets):
        return None
    return Replacement(*found.span(group), form(".".join(str(int(octet)) for octet in octets)))


def without_mac_addresses(text: str, form: Callable[[str], str], spare: Spare, forms: Forms) -> str:
    """Return `text` with `form(mac)` in place of each MAC address, which is given as twelve digits in pairs with colons."""

    def instead(found: re.Match[str]) -> Replacement | None:
        begin, end = found.span("mac")
        mac = found["mac"]
        if ":" in mac and _is_within_ipv6(found.string, begin, end):
            return None
        if found.groupdict().get("mixed") and _TIMES.fullmatch(mac):
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
    before, after = _RUN_BEFORE.search(text[max(0, begin - _LONGEST_RUN) : begin]), _RUN_AFTER.match(text, end)
    groups = f"{before[0] if before else ''}{text[begin:end]}{after[0] if after else ''}".split(":")
    pairs = all(len(group) == 2 for group in groups[-6:])
    return not pairs and (len(groups) >= 8 or "" in groups[1:-1])


def _ipv4(text: str) -> ipaddress.IPv4Address | None:
    """Return the address, also where a panel fills its numbers up with zeros: `192.000.002.006`.

    Two digits are those of a version, unless the address can be one of a site: `10.00.01.05`.
    """
    plain = text.replace(" ", "")
    octets = plain.split(".")
    if any(int(octet) > 255 for octet in octets):
        return None
    address = ipaddress.IPv4Address(".".join(str(int(octet)) for octet in octets))
    return None if _PADDED.search(plain) and not any(address in network for network in _OF_SITES) else address


def _is_version(found: re.Match[str], address: ipaddress.IPv4Address) -> bool:
    """Return whether the text calls this a version, and it is none of the addresses of a site."""
    before = found.string[max(0, found.start() - _LONGEST_WORD) : found.start()]
    may_be = address.is_global or _PADDED.search(found["address"]) is not None
    return may_be and _VERSION.search(before) is not None
