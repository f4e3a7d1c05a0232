"""Words for people: the MIB's enumeration names, moments of the site. The English words are the keys of translations."""

from collections.abc import Mapping

from appliance.common.clock import from_rfc3339, site_zone
from appliance.common.message import Message
from appliance.settings.quiet_times import time_of_week

SCAN_KINDS: Mapping[str, str] = {
    "sweep": Message("Scan for devices"),
    "read": Message("Reading of the known devices"),
    "find": Message("Look for printers beside the ranges"),
}

PURPOSES: Mapping[str, str] = {
    "sweep": Message("Looking for devices"),
    "silent": Message("Asking what does not answer pings"),
    "ipp_search": Message("Looking by IPP for printers without SNMP"),
    "dns_sd": Message("Looking for printers that announce themselves (DNS-SD)"),
    "neighbours": Message("Looking through neighbour tables of routers"),
    "first_read": Message("First reads"),
    "poll": Message("Polls of known devices"),
    "http": Message("Over HTTP"),
    "upload": Message("Readings sent"),
    "check_in": Message("Check-ins"),
    "update": Message("Configuration and updates"),
    "read": Message("Reads before this version"),
}
"""What traffic is for, see `appliance.common.network.traffic`."""

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
    return time_of_week(from_rfc3339(moment).astimezone(site_zone()))
