"""The clock of the hosting server and one way to write a moment: RFC 3339, UTC, whole seconds."""

from datetime import UTC, date, datetime, time

from hosting.errors import ConfigurationError


def utc_now() -> datetime:
    """Return the current moment in UTC, cut to whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def to_rfc3339(moment: datetime | None) -> str | None:
    """Return `moment` as `2026-11-22T10:00:00Z`, and None for None."""
    if moment is None:
        return None
    return in_utc(moment).replace(tzinfo=None).isoformat() + "Z"


def in_utc(moment: datetime) -> datetime:
    """Return `moment` in UTC and whole seconds; one without an offset is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


def end_of_day(text: str) -> datetime:
    """Return the end of a day in UTC. Raises ConfigurationError for what is no day."""
    try:
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
    except ValueError as error:
        raise ConfigurationError(f"{text[:40]!r} is no day. Write it as YYYY-MM-DD, for example 2027-03-31.") from error
