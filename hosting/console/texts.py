"""Words for people: enumeration names of the MIBs, and what is counted."""

from collections.abc import Mapping

from tornado.locale import Locale

from appliance.common.message import Message
from appliance.report.names import SUPPLY_STATES, small_words, words
from hosting.db.lists.count import Count
from web.quantities import number, size
from web.translations import worded

CONTACTS: Mapping[str, tuple[str, str]] = {
    "online": ("ok", Message("Online")),
    "late": ("warn", Message("Late")),
    "lost": ("bad", Message("Lost")),
    "never": ("off", Message("Not heard of yet")),
    "expired": ("bad", Message("Expired")),
    "deactivated": ("off", Message("Deactivated")),
    "revoked": ("bad", Message("Revoked")),
}

ROLE_STATES: Mapping[str, tuple[str, str]] = {
    "ok": ("ok", Message("Valid")),
    "due": ("busy", Message("Due")),
    "late": ("warn", Message("Late")),
    "expired": ("bad", Message("Expired")),
}
"""How long a role of the repository is still valid: due at half of its time, late in the last quarter."""

CONFIGURATION_STATES: Mapping[str, tuple[str, str]] = {
    "none": ("off", Message("Nothing received yet")),
    "trial": ("busy", Message("On trial")),
    "kept": ("ok", Message("In force")),
    "refused": ("bad", Message("Refused")),
    "failed": ("bad", Message("Not received")),
    "held": ("warn", Message("Taken back at the site")),
}
"""What became of a signed configuration at a site."""

OUTCOMES: Mapping[str, str] = {
    "applied": Message("Applied, on trial"),
    "kept": Message("Kept after its trial"),
    "restored": Message("Failed its trial; the one before was restored"),
    "refused": Message("Refused"),
    "failed": Message("Not received"),
    "gone_back": Message("Taken back by the site's admin"),
    "moved": Message("Left behind: the site has moved"),
}

MASKS: Mapping[str, str] = {
    "ip_address": Message("IP addresses"),
    "host_name": Message("host names"),
    "mac": Message("MAC addresses"),
    "location": Message("locations"),
    "asset_number": Message("asset numbers"),
    "console": Message("panel texts"),
    "phone_numbers": Message("phone numbers"),
}
"""What a site may mask, by the name of its setting."""

TRAFFIC: Mapping[str, str] = {
    "sweep": Message("looking for devices"),
    "silent": Message("asking what does not answer pings"),
    "ipp_search": Message("looking by IPP for printers without SNMP"),
    "dns_sd": Message("looking for printers that announce themselves (DNS-SD)"),
    "neighbours": Message("looking through neighbour tables of routers"),
    "first_read": Message("first reads"),
    "poll": Message("polls"),
    "http": Message("over HTTP"),
    "upload": Message("uploads"),
    "check_in": Message("check-ins"),
    "update": Message("updates"),
}
"""What a site's traffic is for."""

UPDATE_LEVELS: Mapping[str, str] = {
    "off": Message("off"),
    "config": Message("configuration"),
    "notify": Message("notify"),
    "auto": Message("automatic"),
}


COLLECTOR_STATES: Mapping[str, str] = {"idle": Message("Idle"), "scanning": Message("Scanning"), "reading": Message("Reading")}
"""What the collector of a site is at."""

ACTIONS: Mapping[str, str] = {
    "enrolment code made": Message("Enrolment code made"),
    "enrolled": Message("Enrolled"),
    "command queued": Message("Command queued"),
    "revoked": Message("Revoked"),
    "admitted again": Message("Admitted again"),
    "deactivated": Message("Deactivated"),
    "activated": Message("Activated"),
    "expiry set": Message("Expiry set"),
    "configuration published": Message("Configuration published"),
    "configuration taken away": Message("Configuration taken away"),
    "support bundle received": Message("Support bundle received"),
}
"""What the audit log says of a site."""


def configuration_state(name: str) -> tuple[str, str]:
    """Return level and words of what became of a configuration."""
    return CONFIGURATION_STATES.get(name, ("off", words(name)))


def outcome(name: str) -> str:
    """Return in words what a site did with a configuration."""
    return OUTCOMES.get(name, words(name))


def state(name: str) -> str:
    """Return the state of a supply or a tray in words."""
    return SUPPLY_STATES.get(name, words(name))


def collector_state(name: str) -> str:
    """Return in words what the collector of a site is at."""
    return COLLECTOR_STATES.get(name, words(name))


def action(name: str) -> str:
    """Return what somebody did, as the audit log names it, in words."""
    return ACTIONS.get(name, name.capitalize())


def masks(active: Mapping[str, str | list[str]], reader: Locale) -> str:
    """Return the masks of a site in words: `IP addresses (pseudonym), phone numbers`."""
    named: list[str] = []
    for name, value in active.items():
        if isinstance(value, list):
            named += value
            continue
        mask = worded(MASKS.get(name, small_words(name)), reader)
        named.append(reader.translate("%(mask)s (pseudonym)") % {"mask": mask} if value == "pseudonym" else mask)
    return ", ".join(named) or reader.translate("nothing")


def traffic(spent: Mapping[str, int], reader: Locale) -> str:
    """Return the traffic of a site in words, the most first: `23.1 kB: polls 20.0 kB, check-ins 3.1 kB`."""
    parts = [
        f"{worded(TRAFFIC.get(purpose, small_words(purpose)), reader)} {size(count)}"
        for purpose, count in sorted(spent.items(), key=lambda item: -item[1])
        if count
    ]
    return f"{size(sum(spent.values()))}: {', '.join(parts)}" if parts else reader.translate("nothing")


def counted_sites(count: int, reader: Locale) -> str:
    """Return `1 site` or `12 sites`."""
    return reader.translate("%(count)s site", "%(count)s sites", count) % {"count": number(count)}


def amount(count: Count, reader: Locale) -> str:
    """Return how many there are, within a sentence: `1 204`, `about 1 000 000`, `more than 5 000`."""
    if count.is_exact:
        return number(count.number)
    if count.kind == "more than":
        return reader.translate("more than %(count)s") % {"count": number(count.number)}
    return reader.translate("about %(count)s") % {"count": number(_rounded(count.number))}


def devices_listed(count: Count, reader: Locale, *, filtered: bool) -> str:
    """Return the sentence above the list of devices; `filtered` where it shows a part of them."""
    told = {"count": number(_rounded(count.number) if count.kind == "about" else count.number)}
    if count.kind == "about":
        return reader.translate("About %(count)s devices, each with its newest reading.") % told
    if count.kind == "more than":
        return reader.translate("More than %(count)s devices fit the filters.") % told
    if filtered:
        return reader.translate("%(count)s device fits the filters.", "%(count)s devices fit the filters.", count.number) % told
    every = reader.translate(
        "%(count)s device, each with its newest reading.", "%(count)s devices, each with its newest reading.", count.number
    )
    return every % told


def _rounded(count: int) -> int:
    """Return a count to three digits: more of them would say what is not known."""
    return round(count, 3 - len(str(count))) if count >= 1000 else count
