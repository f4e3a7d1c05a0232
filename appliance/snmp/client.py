"""The SNMP client of the collector: sockets, request templates and counters shared by the visits to all devices."""

import socket
from types import TracebackType
from typing import Self

from appliance.errors import SnmpError
from appliance.snmp.agent import Agent, AgentProfile, SnmpOptions, Traffic, check_snmp_port
from appliance.snmp.session import Pace, Session
from appliance.snmp.templates import Templates
from appliance.snmp.transport import Dropped, Transport

__all__ = ["Agent", "AgentProfile", "Dropped", "Session", "SnmpClient", "SnmpOptions", "Traffic", "check_snmp_port"]


class SnmpClient:
    """Asks devices over SNMP v1 and v2c; an asynchronous context manager, which closes its sockets at the end."""

    def __init__(self, options: SnmpOptions | None = None) -> None:
        self.options = options or SnmpOptions()
        self.traffic = Traffic()
        """All packets sent and received, stray ones included."""
        self.dropped = Dropped()
        self.templates = Templates()
        self._transports: dict[socket.AddressFamily, Transport] = {}

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
    ) -> Session:
        """Return a visit to `agent`.

        `traffic` counts what the visit costs (a new counter otherwise, in `Session.traffic`); `profile` is what an earlier visit
        learned; `pace` is awaited before each packet. Raises SnmpError if this machine has no socket for such an address.
        """
        return Session(
            agent,
            options=self.options,
            transport=self.transport(agent.address),
            templates=self.templates,
            traffic=traffic if traffic is not None else Traffic(),
            profile=profile if profile is not None else AgentProfile(),
            pace=pace,
        )

    def transport(self, address: str) -> Transport:
        """Return the socket for addresses like `address`, opened at first use. Raises SnmpError."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        transport = self._transports.get(family)
        if transport is None:
            try:
                transport = self._transports[family] = Transport(family, self.traffic, self.dropped)
            except OSError as error:
                kind = "IPv6" if family == socket.AF_INET6 else "IPv4"
                raise SnmpError(f"{address} cannot be asked: this machine gives no {kind} socket ({error.strerror}).") from error
        return transport
