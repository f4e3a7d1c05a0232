"""Forms in which something is written, and a quick way to tell which of them a text may hold. Pure."""

import re
from collections.abc import Iterable
from typing import NamedTuple

Forms = tuple[re.Pattern[str], ...]


class Form(NamedTuple):
    """How something is written, and what any such text has in it, in small letters; nothing: it is always looked for."""

    pattern: re.Pattern[str]
    needs: tuple[str, ...] = ()


def found_in(forms: Iterable[Form], seen: str) -> Forms:
    """Return the patterns of those forms that a text, as it is searched, has."""
    lowered = seen.lower()
    return tuple(
        pattern for pattern, needs in forms if (not needs or any(need in lowered for need in needs)) and pattern.search(seen)
    )
