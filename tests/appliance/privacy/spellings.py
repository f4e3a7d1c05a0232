"""Addresses, MAC addresses, host names and phone numbers in every spelling, and how to tell whether one is still in a text.

What is looked for is taken from the value, never from the code under test: the digits of an address, not its form.
"""

import ipaddress
import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

FULL_WIDTH = {ord(plain): ord(plain) + 0xFEE0 for plain in "0123456789abcdefABCDEF.:-+()/"}
ARABIC = {ord(str(digit)): 0x0660 + digit for digit in range(10)}
BOLD = {ord(str(digit)): 0x1D7CE + digit for digit in range(10)}
HYPHENS = ("\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "\ufe63", "\uff0d")
DOTS = ("\u3002", "\uff0e", "\uff61", "\u2024", "\u00b7")
SPACES = ("\u00a0", "\u2009", "\u202f", "\u3000")
HIDDEN = ("\u200b", "\u200d", "\u2060", "\u00ad", "\ufeff")

Leaks = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Planted:
    """A secret as it is written, and whether a text still tells it."""

    kind: str
    written: str
    leaks: Leaks


def plain(text: str) -> str:
    """Return a text as a reader sees it, in small letters of ASCII as far as there are some."""
    seen = "".join(
        str(unicodedata.digit(one)) if unicodedata.digit(one, None) is not None else one
        for one in unicodedata.normalize("NFKC", text)
        if unicodedata.category(one) not in ("Cf", "Mn", "Me")
    )
    for alike, ascii_one in ((HYPHENS, "-"), (DOTS, ".")):
        for one in alike:
            seen = seen.replace(unicodedata.normalize("NFKC", one), ascii_one)
    return seen.lower()


def ipv4(chance: random.Random, address: str) -> Planted:
    """Return an IPv4 address in one of its spellings."""
    octets = address.split(".")
    number = int(ipaddress.IPv4Address(address))
    forms = (
        address,
        f"{address}:{chance.choice((80, 161, 9100, 631))}",
        f"[{address}]:443",
        f"http://{address}/status",
        f"IP:{address}",
        f"IP{address}",
        f"....{address}",
        f"<{address}>",
        f"{address}/24",
        f"::ffff:{address}",
        f"::ffff:{number >> 16:x}:{number & 0xFFFF:x}",
        f"64:ff9b::{address}",
        ".".join(f"{int(octet):03d}" for octet in octets),
        ". ".join(octets),
        f"{'.'.join(reversed(octets))}.in-addr.arpa",
        address.translate(FULL_WIDTH),
        address.translate(ARABIC),
        address.translate(BOLD),
        address.replace(".", chance.choice(DOTS)),
        address.replace(".", f".{chance.choice(HIDDEN)}"),
        address.replace(".", " ."),
        f"ip-{address.replace('.', '-')}",
        *((f"192-168-{octets[2]}-{octets[3]}",) if octets[:2] == ["192", "168"] else ()),
        *((f"{octets[0]}.{int(octets[1]):02d}.{int(octets[2]):02d}.{octets[3]}",) if octets[0] == "10" else ()),
    )
    numbers = [int(octet) for octet in octets]
    inside = f":{number >> 16:x}:{number & 0xFFFF:x}"

    def leaks(text: str) -> bool:
        runs = re.findall(r"\d+(?:[^0-9a-z|]{1,3}\d+){3,}", text)
        told = [[int(digits) for digits in re.findall(r"\d{1,6}", run)] for run in runs]
        fours = [run[place : place + 4] for run in told for place in range(len(run) - 3)]
        return numbers in fours or numbers[::-1] in fours or inside in text

    return Planted("ip", chance.choice(forms), leaks)


def ipv6(chance: random.Random) -> Planted:
    """Return an IPv6 address in one of its spellings; its last 64 bits are random, so that they tell it."""
    low = chance.getrandbits(64) | 0x1000_1000_1000_1000
    short = chance.random() < 0.5
    high = 0xFE80 << 112 if short else int(ipaddress.IPv6Address("2001:db8::")) | chance.getrandbits(32) << 64
    address = ipaddress.IPv6Address(high | low)
    forms = (
        str(address),
        address.exploded,
        str(address).upper(),
        f"[{address}]:443",
        f"http://[{address}]/",
        f"{address}%eth0",
        f"[{address}%25wlan0]",
        f"{address}/64",
        f"IP:{address}",
        f"IPv6{address}",
        str(address).translate(FULL_WIDTH),
        str(address).replace(":", "\u2236"),
        f"IPv6 {address.exploded.replace(':', '')}",
        f"IPv6 address: {address.exploded.replace(':', '')}",
        address.exploded.replace(":", "-"),
    )
    groups = [f"{low >> shift & 0xFFFF:x}" for shift in (48, 32, 16, 0)]

    def leaks(text: str) -> bool:
        told = re.findall("[0-9a-f]+", text)
        return (groups[2], groups[3]) in pairwise(told) or f"{low:016x}" in text

    return Planted("ip", chance.choice(forms), leaks)


def mac(chance: random.Random, digits: str, *, known: bool) -> Planted:
    """Return a MAC address of these twelve digits in one of its spellings; bare ones stand alone only where the device is known."""
    pairs = [digits[place : place + 2] for place in range(0, 12, 2)]
    fours = [digits[place : place + 4] for place in range(0, 12, 4)]
    forms = [
        ":".join(pairs),
        ":".join(pairs).upper(),
        "-".join(pairs),
        "-".join(pairs).upper(),
        ".".join(pairs),
        " ".join(pairs),
        "_".join(pairs),
        ".".join(fours),
        ".".join(fours).upper(),
        "-".join(fours),
        ":".join(fours),
        ":".join(pair.lstrip("0") or "0" for pair in pairs),
        f"MAC:{':'.join(pairs)}",
        f"MAC-{'-'.join(pairs)}",
        f"MAC {digits}",
        f"MAC={digits.upper()}",
        f"MAC address (LAN): {digits}",
        f"Ethernet address {digits}",
        f"0x{digits}",
        f"HW addr {'-'.join(fours)}",
        ":".join(pairs).translate(FULL_WIDTH),
        "-".join(pairs).replace("-", chance.choice(HYPHENS)),
        ":".join(pairs).replace(":", f"{chance.choice(HIDDEN)}:"),
    ]
    forms += [
        f"LAN {digits.upper()}",
        f"WLAN: {digits.upper()}",
        f"ether {digits}",
        f"Adresse physique : {digits.upper()}",
        f"\u7269\u7406\u5730\u5740 {digits}",
    ]
    if re.search("[a-f]", digits):
        forms.append(f"{digits[:6]}-{digits[6:]}")
        forms += [" : ".join(pairs), " - ".join(pairs), f"{':'.join(pairs[:3])}-{':'.join(pairs[3:])}", ",".join(pairs)]
    if known:
        forms += [digits, digits.upper(), f"BRW{digits.upper()}", f"uuid:1234-{digits}", f"ad{digits}"]
    bare = ":".join(pair.lstrip("0") or "0" for pair in pairs)
    return Planted("mac", chance.choice(forms), lambda text: digits in re.sub("[^0-9a-f]", "", text) or bare in text)


def host_name(chance: random.Random, own: str, other: str) -> Planted:
    """Return a host name: that of the device, of another one, or one that only its form tells."""
    unknown = "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=8))
    number = f"{chance.getrandbits(24):06x}"
    name, written = chance.choice(
        (
            (own, own),
            (own, own.upper()),
            (own, f"{own}.local"),
            (own, f"\\\\{own}\\scans"),
            (own, f"{own}:161"),
            (other, other),
            (other, other.upper()),
            (other, f"{other}.town.example"),
            (unknown, f"{unknown}.town.example"),
            (unknown, f"{unknown}.intern"),
            (unknown, f"{unknown}.co.uk:631"),
            (unknown, f"http://{unknown}/status"),
            (unknown, f"ipp://{unknown}:631/ipp"),
            (unknown, f"Host name: {unknown}"),
            (unknown, f"hostname={unknown.upper()}"),
            (unknown, f"DNS name: {unknown}-2"),
            (unknown, f"\\\\{unknown}\\scans"),
            (unknown, f"hostname:  {unknown}"),
            (unknown, f"Printer name  : {unknown}-2"),
            (f"{unknown}-2", f"Hostname {unknown.upper()}-2"),
            (f"{unknown}7", f"Hostname is {unknown}7"),
            (unknown, f"Hostname->{unknown}"),
            (f"{unknown}01", f"DNS server {unknown}01"),
            (unknown, f"Rechnername: {unknown}"),
            (unknown, f"Nom d'h\u00f4te : {unknown}"),
            (unknown, f"\u30db\u30b9\u30c8\u540d\uff1a{unknown}"),
            (unknown, f"\u4e3b\u673a\u540d\uff1a{unknown}"),
            (unknown, f"//{unknown}/scans"),
            (f"npi{number}", f"NPI{number.upper()}"),
            (f"epson{number}", f"EPSON{number.upper()}"),
        )
    )
    return Planted("host", written, lambda text: stands_in(name.lower(), text))


def stands_in(name: str, text: str) -> bool:
    """Return whether a name stands in a text by itself."""
    begin = text.find(name)
    while begin >= 0:
        if not text[max(0, begin - 1) : begin].isalnum() and not text[begin + len(name) : begin + len(name) + 1].isalnum():
            return True
        begin = text.find(name, begin + 1)
    return False


def phone(chance: random.Random) -> Planted:
    """Return a phone number in one of its spellings."""
    area, number = chance.choice(("89", "30", "711", "40")), str(chance.randint(100_0000, 999_9999))
    forms = (
        f"0{area}{number}",
        f"0049{area}{number}",
        f"+49{area}{number}",
        f"+49 {area} {number}",
        f"+49 (0){area} {number}",
        f"0049 {area} {number[:3]} {number[3:]}",
        f"0{area}/{number}",
        f"0{area}-{number}",
        f"0{area} {number[:3]} {number[3:]}",
        f"0{area}.{number}",
        f"(0{area}) {number}",
        f"(0){area} {number}",
        f"0{area}  {number}",
        f"0{area} / {number}-12",
        f"Tel. {number}",
        f"Tel.0{area}{number}",
        f"Fax: {number}",
        f"Hotline+49{area}{number}",
        f"tel:+49{area}{number}",
        f"0{area}{number}".translate(FULL_WIDTH),
        f"0{area}{number}".translate(ARABIC),
        f"0{area}-{number}".replace("-", chance.choice(HYPHENS)),
        f"0{area} {number}".replace(" ", chance.choice(SPACES)),
        f"+49 {area} {number}".replace(" ", chance.choice(SPACES)),
        f"0{area}{chance.choice(HIDDEN)}{number}",
        f"Fax-Nr.: {number}",
        f"Telefon-Nr. {number}",
        f"Tel.-Nr.: {number}",
        f"Telefonnr. {number}",
        f"Phone-No: {number}",
        f"Hotline: {number}",
        f"+ 49 {area} {number}",
        f"++49{area}{number}",
        f"8 (495) {number[:3]}-{number[3:5]}-{number[5:]}",
        f"138 0{number[:3]} {number[3:]}",
        f"1800 {number[:3]} {number[3:6]}",
    )
    last = number[:6]
    return Planted("phone", chance.choice(forms), lambda text: last in re.sub("[^0-9]", "", text))
