"""A sweep: ask every address of a target set whether an SNMP agent is there, at a pace the site chose.

- An address is pinged, a silent one twice. One that answers is asked over SNMP at once.
- An answer to a ping is a hint, never a condition, because many printers do not answer pings. A thorough sweep ends with the silent
  pass: the silent addresses get one SNMP request with each credential. So does every sweep in which no ping was answered, for then
  pings evidently do not get through. Where pings cannot be sent SNMP alone is asked.
- Several targets are swept side by side. A sweep that was cut off goes on from its `Checkpoint`.
- Credentials are tried in order, each only at the addresses it is for. SNMPv1 is tried too when a living address is silent to
  SNMPv2c; see `appliance.discovery.sweep.approach`.
- No window of one second sees more packets than the ceiling, whatever their kind. Answering addresses go before new ones.
- A packet this machine could not send is sent again later, for 15 seconds at most; its address is never taken for empty.
- All times are those of the monotonic clock: setting the clock of the machine changes nothing.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from appliance.common.errors import SettingsError
from appliance.common.message import Message
from appliance.discovery.pacing import Pace
from appliance.discovery.sweep.approach import Asking, Found
from appliance.discovery.sweep.progress import Checkpoint, SweepProgress
from appliance.discovery.sweep.route import Route
from appliance.discovery.sweep.run import SweepRun
from appliance.discovery.targets import TargetSet
from appliance.snmp.client import SnmpClient, check_snmp_port

__all__ = ["Asking", "Checkpoint", "Found", "Pace", "Sweep", "SweepProgress"]


class Sweep:
    """Asks the addresses of a target set. One sweep object may run several sweeps, one after the other."""

    def __init__(self, client: SnmpClient, asking: Asking, pace: Pace | None = None, *, thorough: bool = False) -> None:
        """`thorough` asks silent addresses over SNMP in any case.

        Raises SettingsError for a port or a pace that cannot be used, and when there are no credentials.
        """
        self._pace = pace or Pace()
        check_snmp_port(asking.port)
        if self._pace.packets_per_second < 1:
            raise SettingsError(
                Message("scan.packets_per_second is %(set)d; it has to be at least 1.", set=self._pace.packets_per_second)
            )
        if not asking.credentials:
            raise SettingsError(Message("There are no SNMP credentials. Enter at least one in snmp.credentials."))
        self._client = client
        self._asking = replace(asking, credentials=tuple(dict.fromkeys(asking.credentials)))
        self._thorough = thorough
        self._running: SweepRun | None = None

    def checkpoint(self) -> Checkpoint | None:
        """Return where the sweep is that runs, None while none does."""
        return self._running.checkpoint() if self._running else None

    async def run(
        self, targets: TargetSet, progress: SweepProgress, resume: Checkpoint | None = None
    ) -> AsyncGenerator[Found, None]:
        """Yield each address that has an SNMP agent, once, as soon as it has answered. Host names are to be resolved before.

        `resume` is where an earlier sweep was cut off; it is ignored when the addresses have changed since.
        Leaving early needs `contextlib.aclosing` or a cancelled task, so that no socket stays open.
        """
        route = Route(targets.ranges(), progress, resume)
        sweep = self._running = SweepRun(self._client, self._asking, self._pace, route, progress, thorough=self._thorough)
        driver = asyncio.create_task(sweep.drive())
        try:
            while (found := await sweep.results.get()) is not None:
                yield found
            await driver
        finally:
            self._running = None
            driver.cancel()
            await asyncio.gather(driver, return_exceptions=True)
