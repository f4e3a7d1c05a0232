"""Text of others on a terminal: nothing in it can hide, move or overwrite what stands around it."""

import json
from typing import Any


def plain(text: str) -> str:
    """Return a text whose characters all show: controls, those that turn the direction and other invisible ones as escapes.

    Line breaks, too: one text stays one line.
    """
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def plain_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON in which all characters show, as `plain` has it, but written as JSON escapes them."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() or character == "\n" else json.dumps(character)[1:-1] for character in text)
