"""Until when something holds, as people write it: a site is served, a token opens something."""

from datetime import UTC, datetime, time

from appliance.common.clock import utc_now, written_day
from appliance.common.message import Message
from hosting.errors import ConfigurationError


def end_of_day(text: str) -> datetime:
    """Return the end of a day in UTC. Raises ConfigurationError for what is no day."""
    try:
        return datetime.combine(written_day(text), time(23, 59, 59), UTC)
    except ValueError as error:
        told = Message("%(text)s is no day. Write it as YYYY-MM-DD, for example 2027-03-31.", text=repr(text[:40]))
        raise ConfigurationError(told) from error


def coming_end_of_day(text: str) -> datetime:
    """Return the end of a day in UTC that is not over. Raises ConfigurationError for what is no day, and for one that is."""
    end = end_of_day(text)
    if end < utc_now():
        raise ConfigurationError(Message("%(text)s is over. Name today or a later day, in UTC.", text=text))
    return end
