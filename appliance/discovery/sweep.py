"""A sweep: ask every address of a target set whether an SNMP agent is there, at a pace the site chose.

- An answer to a ping is a hint, never a condition: an address that answers is asked over SNMP at once; one that stays silent is
  pinged a second time and then gets one SNMP request with each credential, because many printers do not answer pings.
- Credentials are tried in order, each only at the addresses it is for. SNMPv1 is tried too when a living address is silent to
  SNMPv2c; see `appliance.discovery.approach`.
- No window of one second sees more packets than the ceiling, whatever their kind. Answering addresses go before new ones.
- A packet this machine could not send is sent again later; its address is never taken for empty.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from appliance.discovery.approach import Asking, Found
from appliance.discovery.credentials import Credential
from appliance.discovery.run import SweepRun
from appliance.discovery.targets import TargetSet
from appliance.errors import SettingsError
from appliance.reading.objects import PROBE
from appliance.snmp.client import SnmpClient, check_snmp_port
from appliance.snmp.values import Oid
from appliance.traffic import Traffic, TrafficByPurpose, UnitCost

__all__ = ["Found", "Sweep", "SweepProgress"]


@dataclass(slots=True)
class SweepProgress:
    """How far a sweep is; it is changed while the sweep runs."""

    addresses: int = 0
    asked: int = 0
    """Addresses whose answer, or silence, is known."""
    answering: int = 0
    """Addresses that answered anything at all."""
    found: int = 0
    """Addresses with an SNMP agent that let us in."""
    traffic: TrafficByPurpose = field(default_factory=TrafficByPurpose)
    """Counted here under `sweep` and `silent`."""
    blank: UnitCost = field(default_factory=UnitCost)
    """The addresses that never answered, and what was sent to them."""
    remaining_seconds: int | None = None
    """Seconds the rest will take at this pace; None before the start."""
    trouble: dict[str, int] = field(default_factory=dict)
    """Addresses that could not be asked, by reason: this machine or its network did not let the packets out."""

    @property
    def packets_sent(self) -> int:
        """Packets the sweep has sent."""
        return self.counted().packets_sent

    @property
    def bytes_sent(self) -> int:
        """Bytes the sweep has sent, at IP level."""
        return self.counted().bytes_sent

    def counted(self) -> Traffic:
        """Return what the sweep has cost."""
        return self.traffic.total(("sweep", "silent"))


class Sweep:
    """Asks the addresses of a target set. One sweep object may run several sweeps, one after the other."""

    def __init__(
        self,
        client: SnmpClient,
        *,
        credentials: Sequence[Credential],
        port: int = 161,
        packets_per_second: float = 200,
        icmp: bool = True,
        probe: Sequence[Oid] = PROBE,
    ) -> None:
        """`credentials` are in the order to try; `probe` is what to ask, its first object of silent addresses.

        Raises SettingsError for a port or a pace that cannot be used, and when there are no credentials.
        """
        check_snmp_port(port)
        if packets_per_second < 1:
            raise SettingsError(f"scan.packets_per_second is {packets_per_second}; it has to be at least 1.")
        if not credentials:
            raise SettingsError("There are no SNMP credentials. Enter at least one in snmp.credentials.")
        self._client = client
        self._packets_per_second = packets_per_second
        self._asking = Asking(
            credentials=tuple(dict.fromkeys(credentials)),
            port=port,
            icmp=icmp,
            probe=tuple(probe),
        )

    async def run(self, targets: TargetSet, progress: SweepProgress) -> AsyncGenerator[Found, None]:
        """Yield each address that has an SNMP agent, once, as soon as it has answered. Host names are to be resolved before.

        Leaving early needs `contextlib.aclosing` or a cancelled task, so that no socket stays open.
        """
        sweep = SweepRun(self._client, self._asking, self._packets_per_second, targets, progress)
        driver = asyncio.create_task(sweep.drive())
        try:
            while (found := await sweep.results.get()) is not None:
                yield found
            await driver
        finally:
            driver.cancel()
            await asyncio.gather(driver, return_exceptions=True)
