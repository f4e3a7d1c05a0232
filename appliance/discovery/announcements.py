"""What printers announce of themselves by DNS-SD, as the program `appliance.discovery.dns_sd` has heard it.

Whatever was announced is a place to look, and nothing else: who is there, the device itself has to say.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from appliance.common.errors import ControlError
from appliance.common.files import from_json
from appliance.common.message import Message
from appliance.common.network.traffic import Traffic
from appliance.process.short_child import run_module
from appliance.settings.address_ranges import Address

PROGRAM: Final = "appliance.discovery.dns_sd"
SECONDS: Final = 20.0
"""After which it is ended; it needs five."""
NAME: Final = Message("Asking by DNS-SD")


@dataclass(frozen=True, slots=True)
class Announced:
    """A service that was announced."""

    addresses: tuple[Address, ...]
    port: int
    """Of IPP, 0 for other services: nobody asks at their ports."""
    path: str
    """Of IPP, with a slash at its beginning; empty where none was announced."""
    tls: bool


@dataclass(frozen=True, slots=True)
class Announcements:
    """What was heard."""

    services: tuple[Announced, ...] = ()
    whole: bool = True
    """Whether all of it was taken; False where so much came that a part was left out."""
    traffic: Traffic = field(default_factory=Traffic)


async def ask_networks() -> Announcements:
    """Ask the networks of this machine, in a process that ends with it. Raises ControlError with the reason why that failed."""
    try:
        told = from_json(await run_module(PROGRAM, seconds=SECONDS, name=NAME))
        return Announcements(tuple(_services(told["services"])), told["whole"] is True, Traffic.from_json(told["traffic"]))
    except (ValueError, TypeError, LookupError) as error:
        raise ControlError(Message("%(name)s has failed: %(reason)s", name=NAME, reason="what it tells makes no sense")) from error


def _services(told: list[Mapping[str, Any]]) -> Iterator[Announced]:
    for each in told:
        kind, path = str(each["type"]), str(each["path"])
        by_ipp = kind in ("_ipp", "_ipps")
        yield Announced(
            addresses=tuple(ipaddress.ip_address(str(text)) for text in each["addresses"]),
            port=int(each["port"]) if by_ipp else 0,
            path=f"/{path.lstrip('/')}" if by_ipp and path else "",
            tls=kind == "_ipps",
        )
