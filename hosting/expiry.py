"""Until when a site is served, as people write it."""

from datetime import UTC, date, datetime, time

from appliance.common.message import Message
from hosting.errors import ConfigurationError


def end_of_day(text: str) -> datetime:
    """Return the end of a day in UTC. Raises ConfigurationError for what is no day."""
    try:
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
    except ValueError as error:
        told = Message("%(text)s is no day. Write it as YYYY-MM-DD, for example 2027-03-31.", text=repr(text[:40]))
        raise ConfigurationError(told) from error
