"""Single hosts: from a name to the address, and whether one is there at all."""

import asyncio
import ipaddress
import socket

from appliance.common.abandonable import abandonable
from appliance.common.errors import SnmpError
from appliance.common.message import Message
from appliance.common.network.traffic import Traffic
from appliance.discovery.icmp import Pinger

PING_SECONDS = 1.0


async def resolve_host(host: str) -> str:
    """Return the address of `host`, the first one the resolver gives; an address stays as it is. Raises SnmpError."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        found = await abandonable(lambda: socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SnmpError(
            Message(
                "The name %(host)s cannot be resolved: %(reason)s. Check the name, or use the address.", host=host, reason=reason
            )
        ) from error
    return str(found[0][4][0])


async def answers_ping(address: str, traffic: Traffic) -> bool:
    """Return whether `address` answers one ping; False also where this process may not ping. `traffic` counts it."""
    answered = asyncio.Event()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        pinger = Pinger(family, lambda source, _number: answered.set() if source == address else None, traffic)
    except OSError:
        return False
    try:
        pinger.send(address)
        await asyncio.wait_for(answered.wait(), PING_SECONDS)
    except (OSError, TimeoutError):
        return False
    finally:
        pinger.close()
    return True
