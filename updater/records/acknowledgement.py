"""What a new version says of itself while it is on trial: `update/ack-TRANSACTION.json`.

The supervisor of the new version writes it anew at each change; the switcher reads it. A refresh that failed is tried again,
and told again: one lost packet is no reason to go back.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from appliance.common.files import to_json, write_atomic
from appliance.common.record import Moment, Percent
from updater.engine.labels import TRANSACTION
from updater.records.journal import TransactionId
from updater.records.json_file import read_record

Stage = Literal["starting", "migrating", "ready"]
Contact = Literal["ok", "failed", "off"]
WAYS = ("refresh", "check_in", "upload")


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """How far a new version has come."""

    transaction: TransactionId
    version: str
    at: Moment
    """RFC 3339."""
    stage: Stage
    """`ready`: all runs, and one check for configuration has ended."""
    percent: Percent | None = None
    """Of a migration; whoever makes progress gets more time."""
    collector: bool = False
    """The deep check of the collector is fine."""
    webui: bool = False
    """The web UI answers on its port."""
    refresh: Contact = "off"
    """How the check for configuration ended; `off` where the site follows no repository."""
    text: str = ""
    check_in: Contact = "off"
    """Whether the hosting server has answered a check-in; `off` where there is none."""
    upload: Contact = "off"
    """Whether it has taken readings, or none wait."""

    @property
    def unreached(self) -> frozenset[str]:
        """Return which ways to the hosting server do not work: `refresh`, `check_in`, `upload`."""
        return frozenset(way for way in WAYS if getattr(self, way) == "failed")

    def to_json(self) -> dict[str, Any]:
        """Return the value as JSON."""
        return asdict(self)


def path_of(folder: Path, transaction: str) -> Path:
    """Return the file of a transaction. `folder` is `Paths.update`. Raises ValueError for what is none."""
    if not TRANSACTION.fullmatch(transaction):
        raise ValueError(f"{transaction!r} is no transaction")
    return folder / f"ack-{transaction}.json"


def write(folder: Path, acknowledgement: Acknowledgement) -> None:
    """Replace what was said before. Raises OSError."""
    write_atomic(path_of(folder, acknowledgement.transaction), to_json(acknowledgement.to_json()))


def read(folder: Path, transaction: str) -> Acknowledgement | None:
    """Return what was said last, None where nothing was, or nothing that can be understood."""
    try:
        said = read_record(Acknowledgement, path_of(folder, transaction))
    except (OSError, ValueError):
        return None
    return said if said.transaction == transaction else None
