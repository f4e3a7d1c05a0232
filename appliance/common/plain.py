"""Text of others on a terminal: nothing in it can hide, move or overwrite what stands around it."""

import json
import re
from typing import Any

SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""Choose the look of the character before them."""
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    f"\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff{SELECTORS}"
)
"""What shows nothing, for a set of a regular expression: Unicode's Default_Ignorable_Code_Point, with the marks of annotations."""
_IGNORABLE = re.compile(f"[{IGNORABLE}]")


def is_plain(text: str) -> bool:
    """Return whether all characters of a text show."""
    return text.isprintable() and not _IGNORABLE.search(text)


def plain(text: str) -> str:
    """Return a text whose characters all show: controls, those that turn the direction and other invisible ones as escapes.

    Line breaks, too: one text stays one line.
    """
    return text if is_plain(text) else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return character if is_plain(character) else character.encode("unicode_escape").decode()


def plain_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON in which all characters show, as `plain` has it, but written as JSON escapes them."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if is_plain(text):
        return text
    return "".join(character if is_plain(character) or character == "\n" else json.dumps(character)[1:-1] for character in text)
