"""What the collector takes of the signed configuration: settings, vendor definitions, and whether it is of use at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import SettingsError
from appliance.common.message import Message
from appliance.reading.definitions.definitions import Definitions, builtin_definitions
from appliance.settings.layers import Effective
from appliance.settings.store import SettingsStore


@dataclass(frozen=True, slots=True)
class Signed:
    """The signed configuration of one moment, as the collector takes it."""

    effective: Effective
    definitions: Mapping[Path, str]
    """The files of the vendor definitions that came with it, each with the name that people know it by."""
    on_trial: bool

    def problem(self) -> str | None:
        """Return why it is not in force, though it was received."""
        reason = self.effective.left_out
        if not reason:
            return None
        return Message("The signed configuration of the hosting server is not in force: %(reason)s", reason=reason)

    def all_definitions(self, folder: Path) -> Definitions:
        """Return the built-in definitions, those received, and above them those of the site in `folder`.

        To be called in a thread: files that others wrote may take seconds.
        """
        return builtin_definitions().with_files(self.definitions).with_folder(folder)

    def require_use(self) -> None:
        """Raise SettingsError when a configuration on trial is of no use, so that the one before is put in its place."""
        if not self.on_trial:
            return
        if self.effective.left_out:
            raise SettingsError(self.effective.left_out)
        if problems := Definitions().with_files(self.definitions).problems:
            raise SettingsError(" ".join(map(str, problems)))


def read_signed(store: SettingsStore, folder: Path) -> Signed:
    """Return what is in force now; `folder` holds the definitions received. Raises SettingsError, DataFolderError."""
    effective, configuration = store.effective(), store.received().in_force
    if configuration is None:
        return Signed(effective, {}, on_trial=False)
    names = {} if effective.left_out else configuration.definitions()
    files = {
        folder / f"{sha256}.toml": Message("%(name)s of the hosting server", name=name) for name, sha256 in sorted(names.items())
    }
    return Signed(effective, files, configuration.trial)
