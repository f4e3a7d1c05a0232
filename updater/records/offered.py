"""What the last check brought about versions, `update/offered.json`: written by the process that checks, read by the supervisor."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.common.errors import DcaError
from appliance.common.record import Count, Moment
from appliance.common.signed_documents import NO_MARKER
from appliance.release import (
    Catalogue,
    Rollout,
    parse_catalogue,
    parse_rollout,
    write_catalogue,
    write_rollout,
)
from updater.records.json_file import read_record, write_record

FILE = "offered.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the file holds."""

    at: Moment
    rollout_marker: str
    catalogue: dict[str, Any] | None
    rollout: dict[str, Any] | None
    group: str | None
    floor: Count
    problem: str


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
    return folder / FILE


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
        return read_file(file_of(folder))
    except (OSError, ValueError):
        return None


def read_file(file: Path) -> Offered:
    """Return what was received last. Raises OSError, and ValueError for what cannot be read."""
    kept = read_record(_Kept, file)
    try:
        return Offered(
            at=kept.at,
            rollout_marker=kept.rollout_marker,
            catalogue=parse_catalogue(json.dumps(kept.catalogue).encode()) if kept.catalogue else None,
            rollout=parse_rollout(json.dumps(kept.rollout).encode()) if kept.rollout else None,
            group=kept.group,
            floor=kept.floor,
            problem=kept.problem,
        )
    except DcaError as error:
        raise ValueError(str(error)) from error
