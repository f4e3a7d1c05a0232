"""How long the rest of a sweep will take."""

import math
from typing import Final

from appliance.discovery.sweep.progress import SweepProgress
from appliance.settings.reach import SILENT_ADDRESS_PACKETS

PINGS: Final = SILENT_ADDRESS_PACKETS
"""Pings to an address that stays silent."""
PROBES_WITHOUT_PING: Final = 2
"""Requests with each credential to an address that cannot be pinged."""
PING_PATIENCE_SECONDS: Final = 3.0
"""The longest an address is waited for after its first ping."""
ENOUGH_BEGUN: Final = 256
"""Addresses after which the sweep's own average says more than what a silent address costs."""


def remaining_seconds(
    progress: SweepProgress,
    *,
    unbegun: int,
    begun: int,
    idle: float,
    probes: int,
    icmp: bool,
    silent_pass_expected: bool,
    packets_per_second: float,
    addresses_per_second: float,
    snmp_seconds: float,
) -> int:
    """Return the seconds left: the addresses not begun at this pace, the patience with the last one, and the silent pass.

    `begun` addresses of this pass were begun, the last one `idle` seconds ago; `probes` is how many requests an address gets, each
    waited for `snmp_seconds`. Until enough addresses are through they are taken to be silent ones, which need the most packets.
    """
    pings = icmp and not progress.silent_pass
    each = PINGS if pings else probes * (1 if progress.silent_pass else PROBES_WITHOUT_PING)
    patience = PING_PATIENCE_SECONDS if pings else each * snmp_seconds
    sent = progress.traffic.of("silent" if progress.silent_pass else "sweep").packets_sent
    packets = sent / begun if begun >= ENOUGH_BEGUN else each
    pace = min(packets_per_second / max(packets, 1.0), addresses_per_second)
    seconds = unbegun / pace + (patience if unbegun else max(1.0, patience - idle))
    if pings and silent_pass_expected and (begun >= ENOUGH_BEGUN or not unbegun or progress.answering == 0):
        silent_share = 1 - progress.answering / max(progress.asked, progress.answering, 1)
        silent_pace = min(packets_per_second / probes, addresses_per_second)
        seconds += progress.addresses * silent_share / silent_pace + probes * snmp_seconds
    return math.ceil(seconds)
