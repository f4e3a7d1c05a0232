"""Finding phone numbers in the texts of a device, and nothing else that is made of digits.

A number counts as one only by its form: a word such as "Tel." or "Fax from" before it, a country code, the groups of the North
American numbering plan, or a trunk zero with groups after it (ITU-T E.123). Bare digits, dates, IP addresses, versions, error codes
and the serial and part numbers of the device stay.
"""

import ipaddress
import re
from collections.abc import Iterable

MASKED = "[phone number]"

_GAP = r"[ \u00a0().\-/]"
_MARKED_NUMBER = rf"(?P<number>\(?\+?\(?\d(?:{_GAP}{{0,3}}\d){{4,17}})(?!\w)"
_LINK = r"(?:\s(?:no|nr|num|number|nummer|num[ée]ro|n°|id|from|to|rx|tx|von|an|de|à|a|is|ist|es|è))*"

_PHONE_WORD = re.compile(
    rf"""(?<!\w)(?:tele(?:phone|fon|fax)|t[ée]l[ée]phone|tel[ée]fono?|telefone|tel|t[ée]l|phone|fon|fax|mobile?|mobiel|handy|cell
        |dial(?:l?ing)?|calling|whatsapp|rufnummer|(?:tele)?fonnummer|telefonnummer|☎|✆|電話|电话|전화)\.?{_LINK}\s*[.:#=°]*\s*
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
_INTERNATIONAL = re.compile(rf"(?<![\w.+])(?P<number>\(?\+\(?[1-9]\d{{0,2}}\)?(?:{_GAP}{{0,3}}\d){{6,13}})(?!\w)")
_INTERNATIONAL_00 = re.compile(
    r"(?<![\w.+-])(?P<number>00[ ]?[1-9]\d{0,2}[ ./()-]{1,2}\d{1,4}(?:[ ./()-]{0,2}\d{2,}){1,4})(?!\w)(?![.-]\d)"
)
_NORTH_AMERICAN = re.compile(
    r"(?<![\w.+-])(?P<number>(?:1[ .-])?"
    r"(?:\([2-9]\d{2}\)[ ]?\d{3}[ .-]|[2-9]\d{2}(?P<gap>[ -])\d{3}(?P=gap)|[2-9]\d{2}\.[2-9]\d{2}\.)\d{4})(?!\w)(?![.-]\d)"
)
_TRUNK_ZERO = re.compile(
    r"(?<![\w.+/-])(?P<number>\(?0[1-9]\d{0,4}(?:\)[ ]?|[ ]?[/-][ ]?|[ \u00a0])\d{2,8}(?:[ \u00a0/-]\d{2,8}){0,4})(?!\w)"
    r"(?![.:/-]\d)"
)
_PAIRS = re.compile(r"(?<![\w.])(?P<number>0[1-9](?:\.\d{2}){4})(?!\w)(?!\.\d)")

_DATE = re.compile(
    r"\(?(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d{2}|\d{1,2} \d{1,2} (?:19|20)\d{2}|(?:19|20)\d{2}[./ -]\d{1,2}[./ -]\d{1,2})"
    r"(?:[T ]+\d{1,2})?"
)

_LONGEST = 1024


def without_phone_numbers(text: str, known: Iterable[str] = ()) -> str:
    """Return `text` with its phone numbers replaced by `[phone number]`; what is in `known` (serial numbers, …) stays as it is."""
    if sum(character.isdigit() for character in text) < 3:
        return text
    for pattern, digits in (
        (_PHONE_WORD, 5),
        (_SERVICE_WORD, 7),
        (_EXTENSION, 3),
        (_INTERNATIONAL, 8),
        (_INTERNATIONAL_00, 10),
        (_NORTH_AMERICAN, 10),
        (_TRUNK_ZERO, 8),
        (_PAIRS, 10),
    ):
        text = _replace(pattern, text, digits, tuple(known))
    return text[:_LONGEST]


def _replace(pattern: re.Pattern[str], text: str, digits: int, known: tuple[str, ...]) -> str:
    def replaced(found: re.Match[str]) -> str:
        number = found["number"]
        if _is_something_else(number, digits) or _is_known(found.span("number"), text, known):
            return found[0]
        begin, end = (position - found.start() for position in found.span("number"))
        # A bracket that was opened before the number and is closed after it stays in balance.
        closing = ")" if number.count(")") > number.count("(") else ""
        return found[0][:begin] + MASKED + closing + found[0][end:]

    return pattern.sub(replaced, text)


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


def _is_known(span: tuple[int, int], text: str, known: tuple[str, ...]) -> bool:
    """Return whether the characters at `span` overlap one of the `known` texts."""
    for value in known:
        begin = text.find(value) if value else -1
        while begin >= 0:
            if begin < span[1] and span[0] < begin + len(value):
                return True
            begin = text.find(value, begin + 1)
    return False
