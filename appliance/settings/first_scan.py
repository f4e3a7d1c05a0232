"""Whether the first scan still waits for somebody to ask for it: what was entered during the setup is not scanned by itself."""

from appliance.settings.store import SettingsStore

_TABLE = "first_scan"


def first_scan_waits(settings: SettingsStore) -> bool:
    """Return whether nothing may be scanned by itself yet. Raises SettingsError, DataFolderError."""
    return bool(settings.documents(_TABLE))


def let_first_scan_wait(settings: SettingsStore) -> None:
    """Have the first scan wait, unless ranges are set already. Raises SettingsError, DataFolderError."""
    if not settings.effective().settings.scan.targets:
        settings.change_documents(_TABLE, lambda _rows: [{"waits": True}])


def first_scan_was_asked_for(settings: SettingsStore) -> None:
    """Let scans start by themselves from now on. Raises SettingsError, DataFolderError."""
    settings.change_documents(_TABLE, lambda _rows: [])
