"""One clock and one way to write a moment: RFC 3339, UTC, whole seconds."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current moment in UTC, cut to whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def to_rfc3339(moment: datetime) -> str:
    """Return `moment` as `2026-11-22T10:00:00Z`."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def from_rfc3339(text: str) -> datetime:
    """Return the moment written in `text`; a text without an offset is taken as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
