"""Numbers, bytes and lengths of time as pages show them, the same in both web interfaces. Pure."""

from datetime import date, datetime
from typing import Final

from tornado.locale import Locale

_GERMAN: Final = "de"


def number(value: float) -> str:
    """Return a number with thin spaces between thousands (ISO 80000-1), so that no country misreads it."""
    return f"{value:,}".replace(",", "\u202f")


def decimal(value: float, reader: Locale | None = None) -> str:
    """Return a number with one digit behind the point, in German behind a comma."""
    text = f"{value:.1f}"
    return text.replace(".", ",") if reader is not None and reader.code == _GERMAN else text


def day(when: date | str, reader: Locale) -> str:
    """Return a day, given as such or in ISO 8601, as it is written there: `2026-11-29`, in German `29.11.2026`."""
    moment = date.fromisoformat(when) if isinstance(when, str) else when
    return f"{moment:%d.%m.%Y}" if reader.code == _GERMAN else moment.isoformat()


def size(count: int, reader: Locale | None = None) -> str:
    """Return a number of bytes as `812 B`, `16.9 kB` or `1.2 MB`; without a reader as in English."""
    if count < 1000:
        return f"{count} B"
    for unit, factor in (("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)):
        if count < factor * 1000 or unit == "GB":
            return f"{decimal(count / factor, reader)} {unit}"
    raise AssertionError("the last unit takes every number")


def ago(moment: datetime, now: datetime, reader: Locale) -> str:
    """Return how long before `now` the moment was: `just now`, `4 minutes ago`, `in 2 hours`."""
    seconds = int((now - moment).total_seconds())
    if abs(seconds) < 10:
        return reader.translate("just now")
    passed = {"amount": span(abs(seconds), reader)}
    return reader.translate("%(amount)s ago") % passed if seconds > 0 else reader.translate("in %(amount)s") % passed


def span(seconds: int, reader: Locale) -> str:
    """Return a length of time in its largest unit: `45 seconds`, `4 minutes`, `3 days`; of days the nearest number."""
    if seconds < 60:
        return reader.translate("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    if seconds < 3600:
        minutes = seconds // 60
        return reader.translate("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    if seconds < 2 * 86400:
        hours = seconds // 3600
        return reader.translate("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    days = round(seconds / 86400)
    return reader.translate("%(count)s day", "%(count)s days", days) % {"count": number(days)}
