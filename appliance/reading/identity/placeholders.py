"""What devices answer when they have nothing to answer. Pure.

Words that say so ("(null)", "not set") are no text of any field. Nor is a serial number what any device may have: one character
again and again, digits in their order, the name of the field.
"""

import re

_QUOTES = "()[]<>{}\"'`"
_NO_VALUE = re.compile(
    r"""\W* | none | null | nil | n[./]a | unknown | undefined | unspecified | unassigned | unavailable | uninitiali[sz]ed | tbd
      | to[ ]be[ ](?:determined|defined|filled\b.*)
      | no[tn]?[ _-]?(?:available|set|applicable|assigned|specified|defined|installed|found|known|present|supported|configured
          |initiali[sz]ed|programmed)""",
    re.IGNORECASE | re.VERBOSE,
)
_FIELD = r"(?:serial(?:[ _-]?(?:no|num|number)\b\.?)?|s/?n)"
_NO_SERIAL = re.compile(
    rf"(?:0x)?0+ | x+ | na | default | invalid | empty | blank | test | (?:(?:no|unknown|printer|device)[ _-]?)?{_FIELD}",
    re.IGNORECASE | re.VERBOSE,
)
_SEPARATORS = re.compile(r"[\s:._/-]+")
_ONE_CHARACTER = re.compile(r"(.)\1{2,}", re.IGNORECASE)
_SEQUENCES = ("0123456789" * 4, "1234567890" * 4, "9876543210" * 4, "0987654321" * 4)
_SHORTEST_SEQUENCE = 6


def is_no_value(text: str) -> bool:
    """Return whether a text only says that there is none: `(null)`, `Not Set`, `unknown`, `---`."""
    return _NO_VALUE.fullmatch(_bare(text)) is not None


def is_placeholder(value: str) -> bool:
    """Return whether a serial number is what devices answer when they have none (`XXXXXXXXXX`, `0000`, `N/A`, …)."""
    joined = _SEPARATORS.sub("", _bare(value))
    return is_no_version(value) or _ONE_CHARACTER.fullmatch(joined) is not None or _is_sequence(joined)


def is_no_version(value: str) -> bool:
    """Return whether a firmware is what devices answer when they have none; `1.1.1` is one, `111` and `0000` are not."""
    bare = _bare(value)
    return any(each.fullmatch(bare) for each in (_NO_VALUE, _NO_SERIAL, _ONE_CHARACTER))


def meant(text: str | None) -> str | None:
    """Return a text unless it only says that there is none."""
    return None if text is None or is_no_value(text) else text


def _bare(text: str) -> str:
    """Return a text without the brackets, quotes and points around it."""
    return text.strip().strip(_QUOTES).strip().rstrip(".:;,").rstrip()


def _is_sequence(digits: str) -> bool:
    """Return whether digits stand in their order, up or down, whatever zeros follow."""
    counted = digits.rstrip("0")
    return len(counted) >= _SHORTEST_SEQUENCE and any(sequence.startswith(counted) for sequence in _SEQUENCES)
