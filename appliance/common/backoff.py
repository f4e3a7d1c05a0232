"""When to try again, so that a server that struggles is left alone and many sites never act in step. Pure."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_SECONDS = 5.0
CEILING_SECONDS = 900.0
LONGEST_RETRY_AFTER = 86_400.0


def doubled(first: float, failures: int, longest: float) -> float:
    """Return the wait after `failures` failures in a row (at least one): `first`, twice as long after each, up to `longest`."""
    # The exponent is bounded, so the power cannot overflow.
    return min(longest, first * 2.0 ** min(max(failures, 1) - 1, 60))


def next_delay(
    failures: int,
    *,
    retry_after: float | None = None,
    first: float = FIRST_SECONDS,
    ceiling: float = CEILING_SECONDS,
    uniform: Callable[[float, float], float] = random.uniform,
) -> float:
    """Return the seconds to wait after `failures` failures in a row (at least one).

    The wait doubles with each failure up to `ceiling`, and is drawn from its upper half. A `retry_after` of the server is never
    undercut: up to a fifth (at most a minute) comes on top, so that all who were told the same do not come back in the same second.
    """
    base = doubled(first, failures, ceiling)
    delay = uniform(base / 2, base)
    if retry_after is None:
        return delay
    return max(delay, retry_after + uniform(0.0, min(60.0, retry_after / 5)))


def jittered(interval: float, *, share: float = 0.1, uniform: Callable[[float, float], float] = random.uniform) -> float:
    """Return `interval` seconds, shifted by up to `share` of it either way."""
    return interval * uniform(1.0 - share, 1.0 + share)


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """Return the seconds meant by a Retry-After header (RFC 9110 section 10.2.3), at most a day; None when there are none."""
    value = (text or "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_RETRY_AFTER)
    moment = parse_http_date(value)
    if moment is None:
        return None
    return min(max(0.0, (moment - now).total_seconds()), LONGEST_RETRY_AFTER)


def parse_http_date(text: str | None) -> datetime | None:
    """Return the moment of a Date header, or None when it is none."""
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
