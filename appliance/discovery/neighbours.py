"""Which addresses a router or switch knows: its neighbour table, read row by row over SNMP and kept nowhere.

- ipNetToPhysicalTable (RFC 4293) has neighbours of IPv4 and IPv6; where it has none of IPv4, the older ipNetToMediaTable is asked.
- `ROUTER_OBJECTS` is all that a router is asked for, and no other device is ever asked for it. The address of a neighbour is in the
  index of its row, so one column will do: its type. Hardware addresses are never asked for.
"""

import ipaddress
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from appliance.reading.sources.objects import MibObject
from appliance.settings.address_ranges import Address
from appliance.snmp.session import Session
from appliance.snmp.values import Oid, Value

IP_NET_TO_PHYSICAL_TYPE = MibObject("ipNetToPhysicalType", (1, 3, 6, 1, 2, 1, 4, 35, 1, 6))
IP_NET_TO_MEDIA_TYPE = MibObject("ipNetToMediaType", (1, 3, 6, 1, 2, 1, 4, 22, 1, 4))
ROUTER_OBJECTS: Final = (IP_NET_TO_PHYSICAL_TYPE, IP_NET_TO_MEDIA_TYPE)

MOST_ROWS: Final = 65_536
"""Of one table; behind that it is left."""
_NOBODY: Final = frozenset({2, 5})
"""The types invalid and local (RFC 4293): no neighbour, and the router itself."""
_OCTETS: Final = {1: 4, 2: 16, 3: 4, 4: 16}
"""By InetAddressType (RFC 4001): ipv4, ipv6 and the same with a zone, which follows the address."""


@dataclass(slots=True)
class NeighbourTable:
    """The neighbours of one router; `partial` says, once they were read, why they are not all of them."""

    session: Session
    most_rows: int = MOST_ROWS
    """Of each of the two tables."""
    rows: int = 0
    partial: str | None = None

    async def addresses(self) -> AsyncIterator[Address]:
        """Yield the address of each neighbour. Raises NoAnswerError, CredentialError, SnmpError."""
        of_ipv4 = False
        async with aclosing(self.session.stream(IP_NET_TO_PHYSICAL_TYPE.oid, most_rows=self.most_rows)) as rows:
            async for index, value in rows:
                self.rows += 1
                if (address := physical_address(index, value)) is not None:
                    of_ipv4 = of_ipv4 or address.version == 4
                    yield address
        self.partial = self.session.partial
        if of_ipv4 or self.session.stopped:
            return
        async with aclosing(self.session.stream(IP_NET_TO_MEDIA_TYPE.oid, most_rows=self.most_rows)) as rows:
            async for index, value in rows:
                self.rows += 1
                if (address := media_address(index, value)) is not None:
                    yield address
        self.partial = self.partial or self.session.partial


def physical_address(index: Oid, value: Value) -> Address | None:
    """Return the neighbour in a row of ipNetToPhysicalTable (ifIndex, InetAddressType, length, octets), or None."""
    size = _OCTETS.get(index[1]) if len(index) > 3 else None
    if size is None or value.content in _NOBODY or index[2] < size:
        return None
    return _address(index[3 : 3 + size], size)


def media_address(index: Oid, value: Value) -> Address | None:
    """Return the neighbour in a row of ipNetToMediaTable: ifIndex and four octets; None where there is none."""
    return None if value.content in _NOBODY else _address(index[1:5], 4)


def _address(octets: Oid, size: int) -> Address | None:
    if len(octets) != size or max(octets) > 255:
        return None
    return ipaddress.ip_address(bytes(octets))
