"""Words for people: enumeration names of the MIBs, moments and numbers."""

from collections.abc import Mapping
from datetime import datetime

from appliance.report.names import SUPPLY_STATES, words

CONTACTS: Mapping[str, tuple[str, str]] = {
    "online": ("ok", "Online"),
    "late": ("warn", "Late"),
    "lost": ("bad", "Lost"),
    "never": ("off", "Not enrolled yet"),
    "expired": ("bad", "Expired"),
    "deactivated": ("off", "Deactivated"),
    "revoked": ("bad", "Revoked"),
}

ROLE_STATES: Mapping[str, tuple[str, str]] = {
    "ok": ("ok", "Valid"),
    "due": ("busy", "Due"),
    "late": ("warn", "Late"),
    "expired": ("bad", "Expired"),
}
"""How long a role of the repository is still valid: due at half of its time, late in the last quarter."""

CONFIGURATION_STATES: Mapping[str, tuple[str, str]] = {
    "none": ("off", "Nothing received yet"),
    "trial": ("busy", "On trial"),
    "kept": ("ok", "In force"),
    "refused": ("bad", "Refused"),
    "failed": ("bad", "Not received"),
    "held": ("warn", "Taken back at the site"),
}
"""What became of a signed configuration at a site."""

OUTCOMES: Mapping[str, str] = {
    "applied": "Applied, on trial",
    "kept": "Kept after its trial",
    "restored": "Failed its trial; the one before was restored",
    "refused": "Refused",
    "failed": "Not received",
    "gone_back": "Taken back by the site's admin",
    "moved": "Left behind: the site has moved",
}

MASKS: Mapping[str, str] = {
    "ip_address": "IP addresses",
    "host_name": "host names",
    "mac": "MAC addresses",
    "location": "locations",
    "asset_number": "asset numbers",
    "console": "panel texts",
    "phone_numbers": "phone numbers",
}
"""What a site may mask, by the name of its setting."""

TRAFFIC: Mapping[str, str] = {
    "sweep": "looking for devices",
    "silent": "asking what does not answer pings",
    "first_read": "first reads",
    "poll": "polls",
    "http": "over HTTP",
    "upload": "uploads",
    "check_in": "check-ins",
    "update": "updates",
}
"""What a site's traffic is for."""

UPDATE_LEVELS: Mapping[str, str] = {"off": "off", "config": "configuration", "notify": "notify", "auto": "automatic"}


def configuration_state(name: str) -> tuple[str, str]:
    """Return level and words of what became of a configuration."""
    return CONFIGURATION_STATES.get(name, ("off", words(name)))


def outcome(name: str) -> str:
    """Return in words what a site did with a configuration."""
    return OUTCOMES.get(name, words(name))


def state(name: str) -> str:
    """Return the state of a supply or a tray in words."""
    return SUPPLY_STATES.get(name, words(name))


def masks(active: Mapping[str, str | list[str]]) -> str:
    """Return the masks of a site in words: `IP addresses (pseudonym), phone numbers`."""
    named = []
    for name, value in active.items():
        if isinstance(value, list):
            named += value
        else:
            named.append(MASKS.get(name, words(name).lower()) + (" (pseudonym)" if value == "pseudonym" else ""))
    return ", ".join(named) or "nothing"


def traffic(spent: Mapping[str, int]) -> str:
    """Return the traffic of a site in words, the most first: `23.1 kB: polls 20.0 kB, check-ins 3.1 kB`."""
    parts = [
        f"{TRAFFIC.get(purpose, words(purpose).lower())} {size(count)}"
        for purpose, count in sorted(spent.items(), key=lambda item: -item[1])
        if count
    ]
    return f"{size(sum(spent.values()))}: {', '.join(parts)}" if parts else "nothing"


def size(count: int) -> str:
    """Return a number of bytes as `812 B`, `16.9 kB` or `1.2 MB`."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{number(round(count / 1_000_000, 1))} MB"


def number(value: float) -> str:
    """Return a number with thin spaces between thousands (ISO 80000-1), so that no country misreads it."""
    return f"{value:,}".replace(",", "\u202f")


def counted(count: int, one: str, many: str) -> str:
    """Return `1 device` or `12 devices`."""
    return f"{number(count)} {one if count == 1 else many}"


def ago(moment: datetime, now: datetime) -> str:
    """Return how long before `now` the moment was: `just now`, `4 minutes ago`, `in 2 hours`."""
    seconds = int((now - moment).total_seconds())
    if abs(seconds) < 10:
        return "just now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}"


def span(seconds: int) -> str:
    """Return a length of time in its largest unit: `45 seconds`, `4 minutes`, `3 days`."""
    if seconds < 60:
        return counted(seconds, "second", "seconds")
    if seconds < 3600:
        return counted(seconds // 60, "minute", "minutes")
    if seconds < 2 * 86400:
        return counted(seconds // 3600, "hour", "hours")
    return counted(round(seconds / 86400), "day", "days")
