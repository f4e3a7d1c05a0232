"""The site that an appliance serves: its folders, and its settings as the supervisor has read them last."""

from appliance.common.paths import Paths
from appliance.settings.model import Settings
from appliance.settings.store import SettingsStore


class Site:
    """Folders and settings of one site."""

    def __init__(self, paths: Paths) -> None:
        """Read the settings. Raises SettingsError or DataFolderError."""
        self.paths = paths
        self.store = SettingsStore(paths.settings)
        self.settings: Settings = self.store.effective().settings
        """What the supervisor goes by, until it is told to read them again."""
