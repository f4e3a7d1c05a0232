"""Whom to ask, how patiently, and what it cost."""

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from appliance.common.clock import utc_now
from appliance.common.errors import SettingsError
from appliance.common.message import Message
from appliance.common.network.device_ports import PRINTER_PORTS
from appliance.snmp.v3.usm import User
from appliance.snmp.values import Oid

Version = Literal["1", "2c", "3"]

IPV4_OVERHEAD = 28
IPV6_OVERHEAD = 48
"""Bytes of the IP and UDP (or ICMP echo) headers around a payload."""


def check_snmp_port(port: int) -> int:
    """Return `port` if SNMP may be sent to it. Raises SettingsError for no port at all and for the ports of printing."""
    if not 1 <= port <= 65535:
        raise SettingsError(
            Message("%(port)s is no port: snmp.port is a number from 1 to 65535, 161 unless the devices were changed.", port=port)
        )
    if port in PRINTER_PORTS:
        raise SettingsError(
            Message(
                "Port %(port)s is a port of printing: a device may print what is sent there, so it is never "
                "used. Set snmp.port to the port of the SNMP agents, 161 unless the devices were changed.",
                port=port,
            )
        )
    return port


@dataclass(frozen=True, slots=True)
class Agent:
    """One SNMP agent and how to be let in. `address` is an IPv4 or IPv6 address, never a name. Raises SettingsError."""

    address: str
    port: int = 161
    version: Version = "2c"
    community: str = field(default="public", repr=False)
    """For versions 1 and 2c."""
    user: User | None = field(default=None, repr=False)
    """For version 3."""

    def __post_init__(self) -> None:
        check_snmp_port(self.port)
        if (self.version == "3") != (self.user is not None):
            raise SettingsError(Message("SNMP version 3 needs a user, and the other versions have none."))
        try:
            ipaddress.ip_address(self.address)
        except ValueError as error:
            raise SettingsError(Message("%(address)s is no IP address.", address=repr(self.address))) from error


@dataclass(frozen=True, slots=True)
class SnmpOptions:
    """How patiently a device is asked."""

    timeout: float = 2.0
    """Seconds to wait for one answer."""
    retries: int = 1
    """How often an unanswered request is sent again."""
    budget: float = 30.0
    """Seconds one visit to a device may take in all."""
    max_repetitions: int = 30
    """Rows asked for at most in one GETBULK."""


@dataclass(slots=True)
class AgentProfile:
    """What was learned about one agent. Kept by the caller, it spares the next visit the same trials."""

    version: Version | None = None
    """The version it answered; None: it never answered."""
    bulk: bool = True
    """False: GETBULK goes unanswered, tables are read by GETNEXT."""
    bulk_silences: int = 0
    """Visits in a row in which a GETBULK went unanswered and a smaller one did not."""
    max_repetitions: int | None = None
    """The rows of one GETBULK it can bear, when that is less than the options ask for."""
    max_varbinds: int = 48
    """The objects of one request or answer it can bear; the start keeps an answer within one Ethernet frame."""
    rows: dict[Oid, int] = field(default_factory=dict)
    """How many rows its tables had, by the OID of the table entry."""
    faults: set[Oid] = field(default_factory=set)
    """Objects for which it fails a whole request: they are asked for apart."""
    undecodable: set[Oid] = field(default_factory=set)
    """Objects whose value nobody could decode, alone or among others."""
    learned_at: datetime = field(default_factory=utc_now)
    """When it was begun."""
