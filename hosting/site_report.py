"""What a site says of itself, within bounds: moments, numbers and JSON that pages and answers can be made of. Pure.

A site may say anything: what is no such thing is left out, and nothing is refused for it.
"""

import math
from datetime import datetime, timedelta
from typing import Any

from appliance.common.clock import from_rfc3339, in_utc

CLOCK_TOLERANCE = timedelta(minutes=5)
"""What says that it was later than this after its arrival is of the future: the clock of its site was wrong."""
NUMBER_LIMIT = 2**63
"""Numbers from this one on, and from its negative down, are none: neither a database nor other programs keep them."""


def reported_moment(value: object) -> datetime | None:
    """Return the moment written in `value`, in UTC and whole seconds; None where that is none."""
    try:
        return in_utc(from_rfc3339(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def reported_number(value: object, limit: int = NUMBER_LIMIT) -> int | None:
    """Return `value` as a whole number from 0 to below `limit`; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < limit:
        return None
    return round(value)


def reported_numbers(value: object) -> object:
    """Return those members of an object that are whole numbers from 0 on; what is no object is returned as it is."""
    if not isinstance(value, dict):
        return value
    numbers = {name: reported_number(member) for name, member in value.items()}
    return {name: number for name, number in numbers.items() if number is not None}


def bounded(value: Any) -> Any:
    """Return a JSON value without the numbers in it that are none: endless ones, NaN, and those beyond `NUMBER_LIMIT`."""
    if isinstance(value, dict):
        return {name: bounded(member) for name, member in value.items() if not _is_beyond(member)}
    if isinstance(value, list):
        return [bounded(element) for element in value if not _is_beyond(element)]
    return value


def _is_beyond(value: object) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, int) and not -NUMBER_LIMIT < value < NUMBER_LIMIT
