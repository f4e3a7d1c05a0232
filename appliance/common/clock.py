"""One clock and one way to write a moment: RFC 3339, UTC, whole seconds. And the time zone of the site."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import overload
from zoneinfo import ZoneInfo

from appliance.common.message import Message

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(_DAY.pattern + r"[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?")
_LOCAL_TIME = Path("/etc/localtime")
_UNNAMED = "localtime"
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
"""What is said to be before or after is no moment of ours, however wrong a clock was: to ours days can be added, in each zone."""


def utc_now() -> datetime:
    """Return the current moment in UTC, cut to whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def in_utc(moment: datetime) -> datetime:
    """Return `moment` in UTC and whole seconds; one without an offset is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


@overload
def to_rfc3339(moment: datetime) -> str: ...
@overload
def to_rfc3339(moment: None) -> None: ...
def to_rfc3339(moment: datetime | None) -> str | None:
    """Return `moment` as `2026-11-22T10:00:00Z`, and None for None."""
    return None if moment is None else in_utc(moment).replace(tzinfo=None).isoformat() + "Z"


def from_rfc3339(text: str) -> datetime:
    """Return the moment written in `text`; a text without an offset is taken as UTC.

    Raises ValueError, also for what lies before 1970 or after 2999.
    """
    moment = datetime.fromisoformat(text)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not EARLIEST <= aware < LATEST:
        raise ValueError(f"{text[:40]!r} is no moment of our time")
    return aware


def written_moment(text: str) -> datetime:
    """Return the moment a person or another program wrote, as `2026-11-30T00:00:00Z`; seconds and offset may be left out: UTC.

    Raises ValueError, also for the other forms of ISO 8601, such as weeks.
    """
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no moment")
    return from_rfc3339(text)


def written_day(text: str) -> date:
    """Return the day a person or another program wrote, as `2026-11-30`, of 1970 to 2999. Raises ValueError for all else."""
    if not _DAY.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no day")
    return from_rfc3339(text).date()


def site_zone(environment: Mapping[str, str] = os.environ, local_time: Path = _LOCAL_TIME) -> tzinfo:
    """Return the time zone of the site: by the variable TZ (`Europe/Berlin`), else that of the machine, else UTC."""
    if name := _zone_name(environment):
        return zone_named(name) or UTC
    try:
        _, _, name = str(local_time.resolve()).partition("/zoneinfo/")
        with local_time.open("rb") as file:
            return ZoneInfo.from_file(file, key=name or _UNNAMED)
    except (LookupError, OSError, ValueError):
        return UTC


def zone_name(zone: tzinfo) -> str | None:
    """Return the name of what `site_zone` returned in the IANA time zone database; None where the machine does not tell it."""
    if not isinstance(zone, ZoneInfo):
        return "UTC"
    return zone.key if zone.key != _UNNAMED else None


def zone_fault(environment: Mapping[str, str] = os.environ) -> Message | None:
    """Return the sentence for a variable TZ that names no known time zone, so that UTC is used; None where it is well."""
    name = _zone_name(environment)
    if not name or zone_named(name):
        return None
    return Message(
        "TZ is %(name)s, which is no time zone known here: quiet times, update windows and all times of day are in UTC. Write a "
        "name such as Europe/Berlin, without quotes.",
        name=repr(name[:60]),
    )


def _zone_name(environment: Mapping[str, str]) -> str:
    return environment.get("TZ", "").lstrip(":")


def zone_named(name: str) -> ZoneInfo | None:
    """Return the time zone of a name of the IANA time zone database, such as `Europe/Berlin`; None where there is none."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        return None
