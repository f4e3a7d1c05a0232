"""From the octets of a device to text a person can read.

The order: the character set the printer names (prtLocalizationCharacterSet, an IANA MIBenum), then UTF-8, then Latin-1. Many
printers name a Latin set and send UTF-8 all the same; text in a Latin set is practically never valid UTF-8 by chance, so there
UTF-8 is tried first.
"""

import codecs
import unicodedata

MAX_CHARACTERS = 1024
"""Longer texts are cut: the contract with the hosting server allows no more."""

_LATIN = {3: "ascii", 4: "iso8859-1", 5: "iso8859-2", 6: "iso8859-3", 7: "iso8859-4", 12: "iso8859-9", 13: "iso8859-10"} | {
    109: "iso8859-13",
    110: "iso8859-14",
    111: "iso8859-15",
    112: "iso8859-16",
    2004: "hp-roman8",
    2009: "cp850",
    2010: "cp852",
    2011: "cp437",
    2250: "cp1250",
    2252: "cp1252",
    2254: "cp1254",
    2257: "cp1257",
}
_OTHER = {
    8: "iso8859-5",
    9: "iso8859-6",
    10: "iso8859-7",
    11: "iso8859-8",
    17: "shift_jis",
    18: "euc_jp",
    38: "euc_kr",
    106: "utf-8",
    113: "gbk",
    114: "gb18030",
    1013: "utf-16-be",
    1014: "utf-16-le",
    1015: "utf-16",
    2024: "cp932",
    2025: "gb2312",
    2026: "big5",
    2084: "koi8-r",
    2251: "cp1251",
    2253: "cp1253",
    2255: "cp1255",
    2256: "cp1256",
    2258: "cp1258",
    2259: "tis-620",
}
_SYMBOL_SETS = {
    0x000E: "iso8859-1",  # 0N
    0x0115: "hp-roman8",  # 8U
    0x0155: "cp437",  # 10U
    0x0195: "cp850",  # 12U
    0x024E: "utf-8",  # 18N
    0x0275: "cp1252",  # 19U
}
"""HP puts the symbol set of PCL (number * 32 + letter) before a string, as two octets."""


def decode(octets: bytes, charset: int | None = None) -> str:
    """Return the text in `octets`, without control characters and outer blanks; `charset` is an IANA MIBenum if known."""
    prefix = _SYMBOL_SETS.get(int.from_bytes(octets[:2], "big")) if len(octets) > 2 else None
    if prefix is not None:
        return _clean(_decode(octets[2:], [prefix]))
    if charset in _LATIN:
        return _clean(_decode(octets, ["utf-8", _LATIN[charset]]))
    declared = _OTHER.get(charset or 0)
    return _clean(_decode(octets, [declared, "utf-8"] if declared else ["utf-8"]))


def decode_prefixed(octets: bytes, charset: int | None = None) -> str:
    """Return the text behind a symbol set of PCL (two octets), as HP's private objects have it; without one, as `decode`."""
    has_unknown_set = len(octets) >= 2 and octets[0] < 0x20 and int.from_bytes(octets[:2], "big") not in _SYMBOL_SETS
    return decode(octets[2:] if has_unknown_set else octets, charset)


def is_unicode(octets: bytes) -> bool:
    """Return whether octets are text in UTF-8 (ASCII is), or name their symbol set: then no other character set is needed."""
    if octets.isascii() or (len(octets) > 2 and int.from_bytes(octets[:2], "big") in _SYMBOL_SETS):
        return True
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decode(octets: bytes, encodings: list[str]) -> str:
    for encoding in encodings:
        try:
            return codecs.decode(octets, encoding)
        except UnicodeError:
            continue
    return octets.decode("iso8859-1")


def _clean(text: str) -> str:
    """End at a NUL (fixed buffers), blanks for line breaks, no other control, format, private or unpaired code points."""
    text = text.lstrip("\0").partition("\0")[0]
    if text.isascii() and text.isprintable():  # nearly every text there is
        return text.strip()[:MAX_CHARACTERS].rstrip()
    kept = (" " if character in "\r\n\t" else character for character in text)
    readable = "".join(character for character in kept if unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co"})
    return readable.strip()[:MAX_CHARACTERS].rstrip()
