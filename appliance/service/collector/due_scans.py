"""The scans that no person starts: those the plan makes due, and those the hosting server asks for."""

from appliance.common.errors import ControlError, SettingsError
from appliance.common.message import Message, message_of
from appliance.service.collector.background import BackgroundTasks
from appliance.service.collector.plan import BUSY_SECONDS, Plan
from appliance.service.collector.problems import Problems
from appliance.service.scans.progress import Scan
from appliance.service.scans.scan_service import ScanService


class DueScans:
    """Starts the scans that are due, later where one runs or it is quiet time."""

    def __init__(self, scanning: ScanService, plan: Plan, problems: Problems, background: BackgroundTasks) -> None:
        self._scanning = scanning
        self._plan = plan
        self._problems = problems
        self._background = background
        self._sweep_wanted = False
        self.first_scan_waits = False
        """Whether nothing is scanned until a person of the site asks for it."""

    async def sweep(self) -> None:
        """Begin a sweep of all that the settings name."""
        if self.first_scan_waits:
            return
        try:
            self._scanning.start_sweep()
        except ControlError:
            self._plan.postpone("sweep", self._scanning.gate.seconds() or BUSY_SECONDS)
        except SettingsError as error:
            self._problems.report("targets", message_of(error))
        else:
            self._problems.clear("targets")

    async def read(self) -> None:
        """Begin to read the known devices."""
        if self.first_scan_waits:
            return
        try:
            if known := await self._scanning.known():
                self._scanning.start_read(known)
        except ControlError:
            self._plan.postpone("read", self._scanning.gate.seconds() or BUSY_SECONDS)
        except SettingsError as error:
            self._problems.report("targets", message_of(error))

    def sweep_for_hosting(self) -> None:
        """Begin the sweep the hosting server asks for, after the reading that runs; a sweep that runs already will do."""
        running = self._scanning.scans.current
        if running is None:
            self._background.spawn(self.sweep())
        elif running.kind != "sweep":
            self._sweep_wanted = True

    def drop_wanted(self) -> None:
        """Begin no sweep that waits for the end of the scan that runs."""
        self._sweep_wanted = False

    def ended(self, scan: Scan) -> None:
        """After a sweep of everything nothing is due for a while; after any scan the one that had to wait may run."""
        settings = self._scanning.settings.scan
        last_sweep_at = self._scanning.history.last_sweep_at
        if last_sweep_at and last_sweep_at >= scan.started_at:
            self._plan.postpone("sweep", settings.sweep_minutes * 60)
            self._plan.postpone("read", settings.read_minutes * 60)
            self._problems.set("nothing_found", None if scan.devices else scan.nothing_found())
            trouble = scan.unasked()
            self._problems.set(
                "network",
                Message("In the last sweep %(trouble)s. Check the network of this machine.", trouble=trouble) if trouble else None,
            )
        if self._sweep_wanted:
            self._sweep_wanted = False
            self._background.spawn(self.sweep())
