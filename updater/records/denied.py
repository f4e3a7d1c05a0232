"""The releases that were tried here and were no good: not taken again until an admin allows it. `update/denied.json`."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from appliance.common.record import Count, MomentOrNone
from updater.records.json_file import read_records, read_rows, write_rows

KEPT = 50
FILE = "denied.json"


@dataclass(frozen=True, slots=True)
class Denied:
    """One release that is not offered any more. A newer counter is another release."""

    config: str
    """The digest of the configuration of its image, `sha256:…`."""
    version: str
    counter: Count
    at: MomentOrNone
    reason: str
    """One word."""

    def to_json(self) -> dict[str, Any]:
        """Return the value as JSON."""
        return asdict(self)


def add(folder: Path, denied: Denied) -> None:
    """Deny a release, whatever was said of it before. `folder` is `Paths.update`. Raises OSError."""
    others = [row for row in read_rows(folder / FILE) if row.get("config") != denied.config]
    write_rows(folder / FILE, [denied.to_json(), *others][:KEPT])


def read(folder: Path) -> tuple[Denied, ...]:
    """Return what is denied, newest first; nothing where the file cannot be read."""
    return read_records(Denied, folder / FILE)


def clear(folder: Path, version: str) -> bool:
    """Allow a version again; return whether it was denied. Raises OSError."""
    rows = read_rows(folder / FILE)
    kept = [row for row in rows if row.get("version") != version]
    if len(kept) == len(rows):
        return False
    write_rows(folder / FILE, kept)
    return True
