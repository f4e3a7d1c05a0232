"""What is kept from one scan to the next, for as long as the process runs: what devices and agents have shown, and what is dear."""

from dataclasses import dataclass, field

from appliance.discovery.names import HostNames
from appliance.http.supplements import Supplements
from appliance.reading.snapshot import Snapshot
from appliance.reading.sources.objects import SYS_OBJECT_ID
from appliance.reading.view import View
from appliance.snmp.agent import Agent, AgentProfile
from appliance.snmp.client import Templates, UserSecurity
from appliance.snmp.values import Oid

Profiles = dict[tuple[str, int], AgentProfile]
"""What visits have learned about agents, by address and port."""

Snapshots = dict[tuple[str, int], Snapshot]
"""What devices have said, by address and port. Without one a device is read in full."""


@dataclass(frozen=True, slots=True)
class ScanMemory:
    """What scans share. A new one knows nothing."""

    profiles: Profiles = field(default_factory=dict)
    snapshots: Snapshots = field(default_factory=dict)
    supplements: Supplements = field(default_factory=Supplements)
    """What is known of devices that are asked over HTTP."""
    security: UserSecurity = field(default_factory=UserSecurity)
    """The engine of SNMPv3, with its users and agents."""
    names: HostNames = field(default_factory=HostNames)
    """What is known of host names."""
    templates: Templates = field(default_factory=Templates)
    """Requests that were written before."""

    def object_id(self, agent: Agent) -> Oid | None:
        """Return the sysObjectID of a device that was read just now, None where it is not known."""
        snapshot = self.snapshots.get((agent.address, agent.port))
        value = View(snapshot.objects()).system(SYS_OBJECT_ID) if snapshot else None
        return value.content if value is not None and isinstance(value.content, tuple) else None
