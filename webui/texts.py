"""Words for people: the MIB's enumeration names, moments, numbers and bytes. The English words are the keys of translations."""

from collections.abc import Mapping
from datetime import datetime

from tornado.locale import Locale

from appliance.common.clock import from_rfc3339, site_zone
from appliance.common.message import Message

SCAN_KINDS: Mapping[str, str] = {"sweep": Message("Scan for devices"), "read": Message("Reading of the known devices")}

PURPOSES: Mapping[str, str] = {
    "sweep": Message("Looking for devices"),
    "silent": Message("Asking what does not answer pings"),
    "first_read": Message("First reads"),
    "poll": Message("Polls of known devices"),
    "http": Message("Over HTTP"),
    "upload": Message("Readings sent"),
    "check_in": Message("Check-ins"),
    "update": Message("Configuration and updates"),
    "read": Message("Reads before this version"),
}
"""What traffic is for, see `appliance.common.traffic`."""

COMPONENTS: Mapping[str, str] = {"collector": Message("Collector"), "webui": Message("Web UI"), "supervisor": Message("Supervisor")}


CHECKS: Mapping[str, str] = {"store": Message("Store"), "plan": Message("Plan")}
"""What the collector checks of itself."""

LAYERS: Mapping[str, str] = {
    "hosting": Message("Set by the hosting server"),
    "global": Message("Set by the hosting server, for all sites"),
    "group": Message("Set by the hosting server, for the group of this site"),
    "assigned": Message("Set by the hosting server, for this site"),
}
"""Who has set a value, see `appliance.settings.layers`; of the other layers nothing has to be said."""


def local_moment(moment: str) -> str:
    """Return a moment of the coming days as the clocks of the site show it: `Mon 09:00`."""
    return f"{from_rfc3339(moment).astimezone(site_zone()):%a %H:%M}"


def number(value: float) -> str:
    """Return a number with thin spaces between thousands (ISO 80000-1), so that no country misreads it."""
    return f"{value:,}".replace(",", "\u202f")


def size(count: int) -> str:
    """Return a number of bytes as `812 B`, `16.9 kB` or `1.2 MB`."""
    if count < 1000:
        return f"{count} B"
    for unit, factor in (("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)):
        if count < factor * 1000 or unit == "GB":
            return f"{count / factor:.1f} {unit}"
    raise AssertionError("the last unit takes every number")


def ago(moment: datetime, now: datetime, locale: Locale) -> str:
    """Return how long before `now` the moment was: `just now`, `4 minutes ago`, `in 2 hours`."""
    seconds = int((now - moment).total_seconds())
    if abs(seconds) < 10:
        return locale.translate("just now")
    passed = {"amount": span(abs(seconds), locale)}
    return locale.translate("%(amount)s ago") % passed if seconds > 0 else locale.translate("in %(amount)s") % passed


def span(seconds: int, locale: Locale) -> str:
    """Return a length of time in its largest unit: `45 seconds`, `4 minutes`, `3 days`."""
    if seconds < 60:
        return locale.translate("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    if seconds < 3600:
        minutes = seconds // 60
        return locale.translate("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    if seconds < 2 * 86400:
        hours = seconds // 3600
        return locale.translate("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    days = seconds // 86400
    return locale.translate("%(count)d day", "%(count)d days", days) % {"count": days}
