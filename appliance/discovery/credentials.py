"""The ways to be let in by devices, and which of them are for which addresses."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.discovery.targets import Ranges
from appliance.snmp.agent import Agent, Version
from appliance.snmp.v3.usm import User


@dataclass(frozen=True, slots=True)
class Credential:
    """One way to be let in; `name` is what is remembered of it."""

    name: str
    version: Version
    community: str = field(default="", repr=False)
    """For versions 1 and 2c."""
    user: User | None = field(default=None, repr=False)
    """For version 3."""
    ranges: Ranges | None = field(default=None, repr=False)
    """The addresses it is for; None: all."""

    def covers(self, address: str) -> bool:
        """Return whether devices at `address` are asked with it."""
        return self.ranges is None or address in self.ranges

    def agent(self, address: str, port: int) -> Agent:
        """Return the agent at `address`, asked with this credential."""
        return Agent(address=address, port=port, version=self.version, community=self.community, user=self.user)


def covering(credentials: Sequence[Credential], address: str) -> list[Credential]:
    """Return the credentials that are for `address`, in their order."""
    return [credential for credential in credentials if credential.covers(address)]
