"""When the appliance leaves the network of the site alone: windows of the week in local time, such as `Mon-Fri 07:30-09:00`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from appliance.common.message import Message

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY_WORDS: Final = (
    Message("Mon"),
    Message("Tue"),
    Message("Wed"),
    Message("Thu"),
    Message("Fri"),
    Message("Sat"),
    Message("Sun"),
)
MINUTES_OF_DAY: Final = 24 * 60
MINUTES_OF_WEEK: Final = 7 * MINUTES_OF_DAY

_WINDOW: Final = re.compile(
    r"(?:(?P<first>[A-Za-z]{3})(?:\s*-\s*(?P<last>[A-Za-z]{3}))?\s+)?(?P<begin>\d{1,2}:\d\d)\s*-\s*(?P<end>\d{1,2}:\d\d)"
)


@dataclass(frozen=True, slots=True)
class QuietTime:
    """A window that opens on certain days of the week. One that ends no later than it begins goes on over midnight."""

    first_day: int
    """Monday is 0."""
    last_day: int
    begin: int
    """Minutes since midnight."""
    end: int

    @classmethod
    def parse(cls, text: str) -> "QuietTime":
        """Return the window written in `text`. Raises ValueError with a sentence that names it and what is accepted."""
        match = _WINDOW.fullmatch(text.strip())
        if match is None:
            raise _no_quiet_time(text)
        first, last = match["first"] or "Mon", match["last"] or match["first"] or "Sun"
        begin, end = _minutes(match["begin"]), _minutes(match["end"])
        known = first.title() in DAYS and last.title() in DAYS
        if not known or begin >= MINUTES_OF_DAY or end > MINUTES_OF_DAY or begin == end:
            raise _no_quiet_time(text)
        return cls(DAYS.index(first.title()), DAYS.index(last.title()), begin, end)

    def __str__(self) -> str:
        days = f"{DAYS[self.first_day]}" if self.first_day == self.last_day else f"{DAYS[self.first_day]}-{DAYS[self.last_day]}"
        return f"{days} {_clock(self.begin)}-{_clock(self.end)}"

    def covers(self, local: datetime) -> bool:
        """Return whether the clock on the wall, which shows `local`, is within the window."""
        minute = local.hour * 60 + local.minute
        today, yesterday = self._opens_on(local.weekday()), self._opens_on((local.weekday() - 1) % 7)
        if self.begin < self.end:
            return today and self.begin <= minute < self.end
        return (today and minute >= self.begin) or (yesterday and minute < self.end)

    def _opens_on(self, day: int) -> bool:
        return (day - self.first_day) % 7 <= (self.last_day - self.first_day) % 7


def _no_quiet_time(text: str) -> ValueError:
    return ValueError(
        Message(
            "%(text)s is no quiet time. Write days and times such as Mon-Fri 07:30-09:00, Sat 00:00-24:00, or 22:00-05:00 for "
            "every day",
            text=repr(text),
        )
    )


def check_quiet_time(text: str) -> str:
    """Return a quiet time in canonical form. Raises ValueError."""
    return str(QuietTime.parse(text))


def check_quiet_times(texts: Sequence[str]) -> Sequence[str]:
    """Return `texts`, quiet times that leave some of the week. Raises ValueError where they do not."""
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    windows = [QuietTime.parse(text) for text in texts]
    if windows and all(_covered(windows, monday + timedelta(minutes=minute)) for minute in range(MINUTES_OF_WEEK)):
        raise ValueError(Message("the quiet times leave no minute of the week: nothing would ever be scanned or read"))
    return texts


def time_of_week(local: datetime) -> Message:
    """Return a moment of the coming days as the clocks of the site show it: `Mon 09:00`."""
    return Message("%(day)s %(time)s", day=_DAY_WORDS[local.weekday()], time=local.strftime("%H:%M"))


def quiet_until(texts: Sequence[str], local: datetime) -> datetime | None:
    """Return the first minute after `local` (with its time zone) that is in none of the quiet times, None when `local` is in none.

    The time is reckoned as it passes, so that it is right also where the clock on the wall is changed to or from summer time.
    """
    windows = [QuietTime.parse(text) for text in texts]
    if not _covered(windows, local):
        return None
    moment = local.astimezone(UTC).replace(second=0, microsecond=0)
    for _ in range(MINUTES_OF_WEEK + MINUTES_OF_DAY):
        moment += timedelta(minutes=1)
        if not _covered(windows, ended := moment.astimezone(local.tzinfo)):
            return ended
    return moment.astimezone(local.tzinfo)


def _covered(windows: Sequence[QuietTime], local: datetime) -> bool:
    return any(window.covers(local) for window in windows)


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes) if int(minutes) < 60 else MINUTES_OF_DAY + 1


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
