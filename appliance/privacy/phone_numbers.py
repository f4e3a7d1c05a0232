"""Finding phone numbers in the texts of a device, and nothing else that is made of digits.

A number counts as one only by its form: a word such as "Tel." or "Fax from" before it, a country code, the groups of the North
American numbering plan, or a trunk zero with groups or with eight and more digits after it (ITU-T E.123). Other bare digits, those
that are called something else ("S/N 0123456789"), dates, IP addresses, versions, error codes and the serial and part numbers of the
device stay.
"""

import ipaddress
import re
from collections.abc import Sequence
from functools import partial

from appliance.privacy.forms import Form, Forms, found_in
from appliance.privacy.look_alikes import Replacement, replace_found, searched
from appliance.privacy.numbers import spans_of, within

MASKED = "[phone number]"

_GAP = r"[ ().\-/]"
_MARKED_NUMBER = rf"(?P<number>\(?\+?\(?\d(?:{_GAP}{{0,3}}\d){{4,17}})(?!\w)"
_LINK = r"(?:[\s.-]{1,2}(?:no|nr|num|number|nummer|num[ée]ro|n°|id|from|to|rx|tx|von|an|de|à|a|is|ist|es|è)(?![^\W\d_])\.?)*"

_PHONE_WORD = re.compile(
    rf"""(?<!\w)(?:(?:tele(?:phone|fon|fax)|tel|fon|fax)(?:nr|nummer|number|no)?|hotline|notruf|t[ée]l[ée]phone|tel[ée]fono?|telefone|tel|t[ée]l|phone|fon|fax|mobile?|mobiel|handy|cell
        |dial(?:l?ing)?|calling|whatsapp|rufnummer|(?:tele)?fonnummer|telefonnummer|☎|✆|電話|电话|전화)(?:番号|号码|번호)?\.?{_LINK}\s*[.:#=°]*\s*
        {_MARKED_NUMBER}""",
    re.IGNORECASE | re.VERBOSE,
)
_SERVICE_WORD = re.compile(
    rf"""(?<!\w)(?:call|ring|contact|hotline|help\s?(?:desk|line)|support|service|kundendienst|an?rufen|appele[rz]|llam[ae]r?
        |chiam(?:are|a)|bel(?:len)?|ligue)
        (?:\s(?:us|me|for|service|support|dealer|your|our|the|now|at|on|unter|sie|au|al|person(?:nel)?|technician|cent(?:er|re)|desk
        |line|number|no|supplies|help|hotline))*\s*[.:#=-]*\s*{_MARKED_NUMBER}""",
    re.IGNORECASE | re.VERBOSE,
)
_EXTENSION = re.compile(
    r"(?<!\w)(?:ext(?:ension)?|durchwahl|dw|poste|anexo|interno|toestel)\b\.?\s*[:#]?\s*(?P<number>\d{3,6})(?!\w)", re.IGNORECASE
)
_INTERNATIONAL = re.compile(
    rf"(?<![\d+])(?<!\d\.)(?P<number>\(?(?:\+{{1,2}}|(?<!\d[ ])\+[ ])\(?[1-9]\d{{0,2}}\)?(?:{_GAP}{{0,3}}\d){{6,13}})(?!\w)"
)
_INTERNATIONAL_00 = re.compile(
    r"(?<![\w+])(?<!\d[./-])(?P<number>00[ ]?[1-9]\d{0,2}[ ./()-]{1,2}\d{1,4}(?:[ ./()-]{0,2}\d{2,}){1,4})(?!\w)(?![.-]\d)"
)
_NORTH_AMERICAN = re.compile(
    r"(?<![\w.+-])(?P<number>(?:1[ .-])?"
    r"(?:\([2-9]\d{2}\)[ ]?\d{3}[ .-]|[2-9]\d{2}(?P<gap>[ -])\d{3}(?P=gap)|[2-9]\d{2}\.[2-9]\d{2}\.)\d{4})(?!\w)(?![.-]\d)"
)
_NATIONAL = re.compile(
    r"(?<![\w.+-])(?P<number>8[ ]?\(\d{3,5}\)[ ]?\d{1,3}(?:[ -]\d{2}){2}|1[3-9]\d(?P<gap>[ -])\d{4}(?P=gap)\d{4}"
    r"|1[38]00(?P<space>[ -])\d{3}(?P=space)\d{3})(?!\w)(?![.-]\d)"
)
"""Russian ones with the prefix 8, Chinese mobile ones, Australian ones that cost nothing."""
_TRUNK_ZERO = re.compile(
    r"(?<![\w+])(?<!\d[./-])(?P<number>(?:\(0\)[ ]?|\(?0)[1-9]\d{0,4}(?:\)[ /-]{0,3}|[ ]?[/-][ ]?|[ ]{1,2})"
    r"\d{2,8}(?:[ /-]{1,2}\d{2,8}){0,4}(?:[/-]\d)?)(?!\w)(?![.:/-]\d)"
)
_TRUNK_DOT = re.compile(r"(?<![\w+])(?<!\d[./-])(?P<number>\(?0[1-9]\d{1,4}\)?\.\d{5,9}(?:[./ -]\d{1,5})?)(?!\w)(?!\.\d)")
_PAIRS = re.compile(r"(?<![\w.])(?P<number>0[1-9](?:\.\d{2}){4})(?!\w)(?!\.\d)")
_BARE = re.compile(
    r"(?<![\w+])(?<!\d[.,/-])(?<![0-9a-f]{4}-)(?P<number>(?:0[1-9]\d{7,11}|00[1-9]\d{8,13})(?:[/-]\d{1,5})?)(?!\w)(?![.,]\d)",
    re.IGNORECASE,
)
_CALLED_SOMETHING_ELSE = re.compile(
    r"""(?<![^\W\d_])(?:s/?n|serial|serie|seriennummer|p/?n|part|teil|teilenummer|id|oid|ean|upc|gtin|sku|barcode|article|artikel
        |item|order|model|asset|inventory|inventar|version|firmware|build|total|count(?:er)?|pages?)
        (?:[\s_-]?(?:number|nummer|no|nr|count|id))?\W{0,4}\Z
        |(?<![^\W_])(?:C[A-Z]?\d{3,4}|Q\d{4}|W\d{4})[A-Z]{1,2}\s\Z""",
    re.IGNORECASE | re.VERBOSE,
)
"""Ends what stands before a number that is none of a phone: a word for another number, or the number of a cartridge."""
_LONGEST_WORD = 32

_DATE = re.compile(
    r"\(?(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d{2}|\d{1,2} \d{1,2} (?:19|20)\d{2}|(?:19|20)\d{2}[./ -]\d{1,2}[./ -]\d{1,2})"
    r"(?:[T ]+\d{1,2})?"
)

_FEWEST_DIGITS = 3
_BESIDES = 2
"""Digits beside the serial number of the device that may belong to what looks like a phone number and is none."""


_FEWEST = {
    _PHONE_WORD: 5,
    _SERVICE_WORD: 7,
    _EXTENSION: 3,
    _INTERNATIONAL: 8,
    _INTERNATIONAL_00: 10,
    _NORTH_AMERICAN: 10,
    _NATIONAL: 10,
    _TRUNK_ZERO: 8,
    _TRUNK_DOT: 9,
    _PAIRS: 10,
    _BARE: 9,
}
"""What a phone number looks like, and how many digits it has at least."""
_NEEDS: dict[re.Pattern[str], tuple[str, ...]] = {
    _PHONE_WORD: (
        *("tel", "tél", "phone", "fon", "fax", "mobil", "handy", "cell", "dial", "calling", "whatsapp", "rufnummer"),
        *("☎", "✆", "電話", "电话", "전화", "hotline", "notruf"),
    ),
    _SERVICE_WORD: (
        *("call", "ring", "contact", "hotline", "help", "support", "service", "kundendienst", "rufen", "appele", "llam", "chiam"),
        *("bel", "ligue"),
    ),
    _EXTENSION: ("ext", "durchwahl", "dw", "poste", "anexo", "interno", "toestel"),
    _INTERNATIONAL: ("+",),
    _INTERNATIONAL_00: ("00",),
    _NATIONAL: ("8 (", "8(", "1"),
    _TRUNK_ZERO: ("0",),
    _TRUNK_DOT: (".",),
    _PAIRS: (".",),
    _BARE: ("0",),
}
_FORMS = tuple(Form(pattern, _NEEDS.get(pattern, ())) for pattern in _FEWEST)


def phone_number_forms(seen: str) -> Forms:
    """Return the forms of phone numbers that a text, as it is searched, may hold."""
    if sum(map(str.isdigit, seen)) < _FEWEST_DIGITS:
        return ()
    return found_in(_FORMS, seen)


def without_phone_numbers(text: str, known: Sequence[str] = (), forms: Forms | None = None) -> str:
    """Return `text` with its phone numbers replaced by `[phone number]`; what is in `known` (serial numbers, …) stays as it is.

    `forms` are those that it may hold.
    """
    for pattern in phone_number_forms(searched(text).text) if forms is None else forms:
        text = replace_found(text, pattern, partial(_replacement, known=known))
    return text


def is_called_phone(number: str, text: str) -> bool:
    """Return whether a text says of a number that it is that of a phone, by a word before it."""
    return any(number in found["number"] for found in _PHONE_WORD.finditer(searched(text).text))


def _replacement(found: re.Match[str], known: Sequence[str]) -> Replacement | None:
    number = found["number"]
    begin, end = found.span("number")
    if _is_something_else(number, _FEWEST[found.re]) or within(begin, end, spans_of(known, found.string), besides=_BESIDES):
        return None
    if found.re is _BARE and _CALLED_SOMETHING_ELSE.search(found.string[max(0, begin - _LONGEST_WORD) : begin]):
        return None
    # A bracket that was opened before the number and is closed after it stays in balance.
    closing = ")" if number.count(")") > number.count("(") else ""
    return Replacement(begin, end, MASKED + closing)


def _is_something_else(number: str, digits: int) -> bool:
    """Return whether this is a date, an IP address or a version, or has fewer than `digits` digits."""
    count = sum(character.isdigit() for character in number)
    if count < digits or _DATE.fullmatch(number.strip()):
        return True
    if set(number) <= set("0123456789."):
        return "." in number and (count < 9 or _is_address(number))
    return False


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
