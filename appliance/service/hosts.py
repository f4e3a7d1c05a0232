"""Host names become addresses before anything is asked over SNMP."""

import ipaddress
import socket

from appliance.errors import SnmpError
from appliance.service.threads import abandonable


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
        raise SnmpError(f"The name {host} cannot be resolved: {reason}. Check the name, or use the address.") from error
    return str(found[0][4][0])
