"""What is to be done about the version that is offered, by what was received, the settings of the site and the host's engine."""

import platform
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, tzinfo

from appliance.common.clock import site_zone, utc_now
from appliance.common.errors import DcaError
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.settings.model import Settings
from appliance.settings.store import SettingsStore
from appliance.settings.update_window import is_open, next_opening
from updater.engine.capability import ImageUpdates
from updater.records import denied, offered
from updater.records.approval import Approvals
from updater.records.cached_file import CachedFile
from updater.records.offered import Offered
from updater.releases.rules import Decision, Here, decide, installed_counter
from updater.trust.origin import followed

MACHINES = {"x86_64": "linux/amd64", "aarch64": "linux/arm64", "armv7l": "linux/arm"}
NO_ROLLOUT = "none"


def own_platform() -> str:
    """Return what images for this machine are called."""
    machine = platform.machine()
    return MACHINES.get(machine, f"linux/{machine}")


class ImageDecision:
    """Decides, each time it is asked."""

    def __init__(
        self,
        paths: Paths,
        store: SettingsStore,
        settings: Callable[[], Settings],
        found: Callable[[], ImageUpdates],
    ) -> None:
        """`found` gives what the engine of the host makes possible."""
        self.approvals = Approvals(paths.update)
        self._folder = paths.update
        self._store = store
        self._settings = settings
        self._found = found
        self._offered: CachedFile[Offered | None] = CachedFile(offered.file_of(paths.update), lambda: offered.read(paths.update))
        self._zone: tzinfo = site_zone()

    @property
    def rollout(self) -> str:
        """Return the marker of the rollout that was received last."""
        received = self._offered.content()
        return received.rollout_marker if received else NO_ROLLOUT

    @property
    def is_for_the_host(self) -> bool:
        """Return whether it is known that the appliance cannot install anything by itself."""
        return self._found().state not in ("possible", "unknown")

    @property
    def window_open(self) -> bool:
        """Return whether versions may be installed now, as far as the window goes."""
        return is_open(self._settings().update.window, self._local())

    @property
    def next_window_at(self) -> datetime | None:
        """Return when the window opens, None where it is open."""
        return next_opening(self._settings().update.window, self._local())

    def now(self) -> Decision | None:
        """Return the decision; None where nothing was received, or the site follows nobody."""
        received = self._offered.content()
        if received is None:
            return None
        approval = self.approvals.given
        return self.about(received, approval.version if approval else None)

    def about(self, received: Offered, approved: str | None, *, brought: bool = False) -> Decision | None:
        """Return the decision about what was received; `approved` is the version a person asked for, `brought` in a bundle."""
        if received.catalogue is None:
            return Decision("none", None, (), received.problem) if received.problem else None
        try:
            site_id = followed(self._store).site_id
        except DcaError:
            return None
        here = replace(self._here(received, site_id), approved=approved, brought=brought)
        return decide(received.catalogue, received.rollout, here)

    def _here(self, received: Offered, site_id: str) -> Here:
        update, found, version = self._settings().update, self._found(), installed_version()
        return Here(
            site_id=site_id,
            group=received.group,
            channel=update.channel,
            version=version,
            counter=installed_counter(received.catalogue, version, received.floor),
            platform=own_platform(),
            api=found.api_version,
            level=update.level,
            image_updates=found.state,
            hold_until=update.hold_until,
            window_open=self.window_open,
            approved=None,
            denied=denied.read(self._folder),
            now=self._local(),
        )

    def _local(self) -> datetime:
        return utc_now().astimezone(self._zone)
