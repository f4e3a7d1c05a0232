"""Which addresses no printer is looked for at, and how long, as a note that the next process reads. Pure."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from appliance.common.clock import from_rfc3339, to_rfc3339
from appliance.common.files import from_json
from appliance.discovery.sweep.progress import condense, expand


def note_of(seconds: Mapping[str, float], now: datetime) -> str:
    """Return the note of for how many seconds which addresses are left alone: ranges of them by the hour until when."""
    by_hour: dict[str, list[str]] = {}
    for address, left in seconds.items():
        until = (now + timedelta(seconds=left)).replace(minute=0, second=0, microsecond=0)
        by_hour.setdefault(to_rfc3339(until), []).append(address)
    return json.dumps({until: condense(addresses) for until, addresses in by_hour.items()})


def seconds_of(note: str | None, now: datetime, longest: float) -> dict[str, float]:
    """Return what a note says of the addresses that are still left alone, for `longest` at most; nothing of what makes no sense."""
    try:
        kept = from_json(note or "{}")
    except ValueError:
        return {}
    found: dict[str, float] = {}
    for until, spans in kept.items() if isinstance(kept, dict) else ():
        with suppress(TypeError, ValueError):
            left = (from_rfc3339(str(until)) - now).total_seconds()
            if 0 < left <= longest:
                found |= dict.fromkeys(expand(map(str, spans)), left)
    return found
