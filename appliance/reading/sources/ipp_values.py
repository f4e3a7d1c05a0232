"""Values of IPP as they are read: texts, and octet strings of `key=value;` pairs (PWG 5100.9, PWG 5100.13). Pure."""

import re
from collections.abc import Iterable

from appliance.reading.sources.ipp import Value
from appliance.reading.text import decode

_UTF_8 = 106
_INTEGER = re.compile(r"-?[0-9]{1,10}")


def texts(values: Iterable[Value], *, keep_empty: bool = False) -> list[str]:
    """Return the texts among values; `keep_empty` keeps the place of what is none."""
    found = [value if isinstance(value, str) else decode(value, _UTF_8) if isinstance(value, bytes) else "" for value in values]
    return found if keep_empty else [text for text in found if text]


def first_text(values: Iterable[Value]) -> str | None:
    """Return the first text among values."""
    return next(iter(texts(values)), None)


def pairs(value: Value) -> dict[str, str]:
    """Return the pairs of an octet string, keys in lower case. Some printers send it as text."""
    text = decode(value, _UTF_8) if isinstance(value, bytes) else value if isinstance(value, str) else ""
    parts = (part.partition("=") for part in text.split(";"))
    return {key.strip().lower(): content.strip() for key, equals, content in parts if equals and key.strip()}


def number(text: str | None) -> int | None:
    """Return a whole number, None where it is none."""
    return int(text) if text and _INTEGER.fullmatch(text) else None
