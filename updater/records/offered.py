"""What the last check brought about versions, `update/offered.json`: written by the process that checks, read by the supervisor."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import UnionType

from appliance.common.errors import DcaError
from appliance.common.files import from_json
from appliance.common.signed_documents import NO_MARKER
from appliance.release import (
    Catalogue,
    Rollout,
    parse_catalogue,
    parse_rollout,
    write_catalogue,
    write_rollout,
)
from updater.records.json_file import write_record

FORMAT = 1
_KINDS: dict[str, type | UnionType] = {"at": str, "rollout_marker": str, "group": str | None, "floor": int, "problem": str}


@dataclass(frozen=True, slots=True)
class Offered:
    """What was signed, as it was received."""

    at: str
    """RFC 3339."""
    rollout_marker: str = NO_MARKER
    """Of the rollout that was dealt with, also where it was refused."""
    catalogue: Catalogue | None = None
    rollout: Rollout | None = None
    group: str | None = None
    floor: int = 0
    """The highest counter under which a list of releases has named the version that was installed."""
    problem: str = ""
    """Why nothing is offered, in a sentence; empty where nothing is wrong."""


def file_of(folder: Path) -> Path:
    """Return the file; `folder` is `Paths.update`."""
    return folder / "offered.json"


def write(folder: Path, offered: Offered) -> None:
    """Replace what was received. Raises OSError."""
    value = {
        "format": FORMAT,
        "at": offered.at,
        "rollout_marker": offered.rollout_marker,
        "catalogue": None if offered.catalogue is None else json.loads(write_catalogue(offered.catalogue)),
        "rollout": None if offered.rollout is None else json.loads(write_rollout(offered.rollout)),
        "group": offered.group,
        "floor": offered.floor,
        "problem": offered.problem,
    }
    write_record(file_of(folder), value)


def read(folder: Path) -> Offered | None:
    """Return what was received last; None where nothing was, or it cannot be read: the next check brings it anew."""
    try:
        raw = from_json(file_of(folder).read_bytes())
        if not all(isinstance(raw[name], kind) for name, kind in _KINDS.items()):
            return None
        return Offered(
            at=raw["at"],
            rollout_marker=raw["rollout_marker"],
            catalogue=parse_catalogue(json.dumps(raw["catalogue"]).encode()) if raw["catalogue"] else None,
            rollout=parse_rollout(json.dumps(raw["rollout"]).encode()) if raw["rollout"] else None,
            group=raw["group"],
            floor=raw["floor"],
            problem=raw["problem"],
        )
    except (OSError, ValueError, KeyError, TypeError, DcaError):
        return None
