"""When new versions are installed: a window of the week in the local time of the site, such as `22:00-05:00`. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final

from appliance.common.message import Message
from appliance.settings.quiet_times import MINUTES_OF_DAY, MINUTES_OF_WEEK, QuietTime

_EVERY_DAY: Final = "Mon-Sun "


def check_window(text: str) -> str:
    """Return a window in canonical form, empty for none. Raises ValueError with a sentence that says what is accepted."""
    if not text.strip():
        return ""
    try:
        return str(QuietTime.parse(text)).removeprefix(_EVERY_DAY)
    except ValueError as error:
        raise ValueError(
            Message(
                "%(text)s is no window. Write a time such as 22:00-05:00, or days and a time: Sat-Sun 08:00-18:00", text=repr(text)
            )
        ) from error


def is_open(window: str, local: datetime) -> bool:
    """Return whether versions may be installed while the clock on the wall shows `local`: always where there is no window."""
    return not window or QuietTime.parse(window).covers(local)


def next_opening(window: str, local: datetime) -> datetime | None:
    """Return the first minute after `local` (with its time zone) in which the window is open; None where it is open now.

    The time is reckoned as it passes, so that it is right also where the clock on the wall is changed to or from summer time.
    """
    if is_open(window, local):
        return None
    opening = QuietTime.parse(window)
    moment = local.astimezone(UTC).replace(second=0, microsecond=0)
    for _ in range(MINUTES_OF_WEEK + MINUTES_OF_DAY):
        moment += timedelta(minutes=1)
        if opening.covers(opened := moment.astimezone(local.tzinfo)):
            return opened
    return None
