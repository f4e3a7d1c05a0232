"""The SNMP client of the collector: sockets, request templates and counters shared by the visits to all devices."""

import socket
from types import TracebackType
from typing import Self

from appliance.common.errors import SnmpError
from appliance.common.message import Message
from appliance.common.network.traffic import Traffic
from appliance.snmp.agent import Agent, AgentProfile, SnmpOptions, Version, check_snmp_port
from appliance.snmp.ber import read_message_id, read_request_id
from appliance.snmp.exchange import CommunityExchange, Delivery, Exchange, Pace
from appliance.snmp.session import Session
from appliance.snmp.templates import Templates
from appliance.snmp.transport import Dropped, Transport
from appliance.snmp.v3.user_exchange import UserExchange
from appliance.snmp.v3.user_security import UserSecurity
from appliance.snmp.v3.usm import User

__all__ = [
    "Agent",
    "AgentProfile",
    "Dropped",
    "Session",
    "SnmpClient",
    "SnmpOptions",
    "Templates",
    "User",
    "UserSecurity",
    "check_snmp_port",
]


class SnmpClient:
    """Asks devices over SNMP v1, v2c and v3; an asynchronous context manager, which closes its sockets at the end."""

    def __init__(
        self, options: SnmpOptions | None = None, security: UserSecurity | None = None, templates: Templates | None = None
    ) -> None:
        """`security` is what SNMPv3 is spoken with; who makes a client for each scan keeps it, and `templates`, for all of them."""
        self.options = options or SnmpOptions()
        self.security = security or UserSecurity()
        self.traffic = Traffic()
        """All packets sent and received, stray ones included."""
        self.dropped = Dropped()
        self.templates = templates if templates is not None else Templates()
        self._transports: dict[tuple[socket.AddressFamily, bool], Transport] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets; visits still under way end with what they have."""
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()

    def session(
        self,
        agent: Agent,
        traffic: Traffic | None = None,
        *,
        profile: AgentProfile | None = None,
        pace: Pace | None = None,
        was_heard: bool = False,
    ) -> Session:
        """Return a visit to `agent`.

        `traffic` counts what the visit costs (a new counter otherwise, in `Session.traffic`); `profile` is what an earlier visit
        learned; `pace` is awaited before each packet; `was_heard` tells that it has answered just now. Raises SnmpError if this
        machine has no socket for such an address.
        """
        traffic = traffic if traffic is not None else Traffic()
        profile = profile if profile is not None else AgentProfile()
        transport = self.transport(agent.address, v3=agent.user is not None)
        delivery = Delivery(agent, options=self.options, transport=transport, traffic=traffic, pace=pace)
        exchange: Exchange
        if agent.user is not None:
            exchange = UserExchange(agent.user, delivery, self.security)
        else:
            exchange = CommunityExchange(agent, _version(agent, profile), delivery, self.templates)
        session = Session(agent, options=self.options, exchange=exchange, traffic=traffic, profile=profile)
        session.was_heard = was_heard
        return session

    def transport(self, address: str, *, v3: bool = False) -> Transport:
        """Return the socket for addresses like `address`, opened at first use. Raises SnmpError.

        SNMPv3 has sockets of its own: its messages are told apart by other numbers.
        """
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        transport = self._transports.get((family, v3))
        if transport is None:
            read_id = read_message_id if v3 else read_request_id
            try:
                transport = self._transports[family, v3] = Transport(family, self.traffic, self.dropped, read_id)
            except OSError as error:
                kind = "IPv6" if family == socket.AF_INET6 else "IPv4"
                raise SnmpError(
                    Message(
                        "%(address)s cannot be asked: this machine gives no %(kind)s socket (%(reason)s).",
                        address=address,
                        kind=kind,
                        reason=error.strerror,
                    )
                ) from error
        return transport


def _version(agent: Agent, profile: AgentProfile) -> Version:
    """Return the version to begin with: SNMPv1 also where the agent has shown that it answers nothing else."""
    return "1" if "1" in (agent.version, profile.version) else "2c"
