"""Text of others on a page: nothing in it can hide, be hidden, or turn the direction of what stands around it."""

import re

from tornado.escape import to_unicode, xhtml_escape

from appliance.common.plain import IGNORABLE, SELECTORS

_BASE = "\u0600-\u1fff\u2070-\ufdff\ufe10-\ufefe\uff00-\U000dffff"
"""Characters that joiners and variation selectors act on: of scripts that need them, and emoji."""
HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]"
    f"|(?![\u200c\u200d{SELECTORS}])[{IGNORABLE}]"
    f"|(?<![{_BASE}])[{SELECTORS}]"
    f"|(?<![{_BASE}])(?<![{_BASE}]\ufe0f)[\u200c\u200d]"
)
"""What shows nothing: controls, but for those that part lines and words, and what `plain` has; not where it is part of a letter."""


def escape_shown(text: str | bytes) -> str:
    """Return a text as HTML, with what `HIDDEN` has written as escapes."""
    return xhtml_escape(HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), to_unicode(text)))
