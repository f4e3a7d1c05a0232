"""Keys of TOML that are too long to be read: the library takes time and memory by the square of their number of parts."""

import re
from typing import Final

MOST_PARTS: Final = 64

_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+"""
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_\\-])(?:{_PART}\.[ \t]*+){{{MOST_PARTS}}}")


def require_short_keys(text: str) -> None:
    """Raise RecursionError for a dotted key of more parts, as the library does for what is nested too deep."""
    if _LONG_KEY.search(text):
        raise RecursionError("a key of so many parts is nested too deep")
