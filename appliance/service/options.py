"""How a scan asks: the settings in the form it needs."""

from dataclasses import dataclass, field
from typing import Literal

from appliance.settings.model import Settings
from appliance.snmp.client import Agent, SnmpOptions


@dataclass(frozen=True, slots=True)
class Credential:
    """One way to be let in; `name` is what is remembered of it."""

    name: str
    version: Literal["1", "2c"]
    community: str = field(repr=False)

    def agent(self, address: str, port: int) -> Agent:
        """Return the agent at `address`, asked with this credential."""
        return Agent(address=address, port=port, version=self.version, community=self.community)


@dataclass(frozen=True, slots=True)
class CycleOptions:
    """How to ask: what the settings say, in the form the cycle needs."""

    credentials: tuple[Credential, ...]
    port: int
    packets_per_second: int
    icmp: bool
    snmp: SnmpOptions
    http: bool = True
    """Whether what SNMP leaves open is asked over HTTP."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "CycleOptions":
        """Return the options that `settings` ask for."""
        snmp = settings.snmp
        return cls(
            credentials=tuple(
                Credential(item.name or f"#{number}", item.version, item.community.get_secret_value())
                for number, item in enumerate(snmp.credentials, 1)
            ),
            port=snmp.port,
            packets_per_second=settings.scan.packets_per_second,
            icmp=settings.scan.icmp,
            snmp=SnmpOptions(
                timeout=snmp.timeout_seconds,
                retries=snmp.retries,
                budget=snmp.device_seconds,
                max_repetitions=snmp.max_repetitions,
            ),
            http=settings.scan.http,
        )

    def credential_of(self, agent: Agent) -> Credential:
        """Return the credential by which `agent` was reached."""
        fitting = [item for item in self.credentials if item.community == agent.community]
        exact = [item for item in fitting if item.version == agent.version]
        return next(iter([*exact, *fitting]), Credential("", agent.version, agent.community))
