"""Text of others on a page: nothing in it can hide what stands around it, or turn its direction."""

import re

from tornado.escape import to_unicode, xhtml_escape

HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Controls, but for those that part lines and words, and the characters that turn the direction of a text (Unicode's UAX #9)."""


def escape_shown(text: str | bytes) -> str:
    """Return a text as HTML, with what `HIDDEN` has written as escapes."""
    return xhtml_escape(HIDDEN.sub(lambda found: repr(found[0])[1:-1], to_unicode(text)))
