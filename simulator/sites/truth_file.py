"""What the simulated sites made, written as it is made: the truth that the hosting server's database is compared with.

One JSON object a line:

- first of the run: `{"truth", "seed", "sites", "devices"}`
- of each site that enrolled: `{"site", "site_id", "name", "keys"}`
- of each round: `{"site", "readings": [[device, taken_at, total]]}`, the device by its place in `keys`, the moment in seconds since
  1970 by the clock of the site, and the total meter as it was then; with `"off"` where that clock was wrong
- of events: `{"site", "events": [id]}`
- at the end, what still waits at a site: `{"site", "waiting": [[device, taken_at]]}`
- last what the sites were told in all: `{"end": {"made", "accepted", "duplicate", "set_aside"}}`
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from simulator.errors import SimulatorError

VERSION = 1
Key = tuple[str, str, int]
"""A reading: id of the site, key of the device, and when it was taken."""


class TruthWriter:
    """Writes the file; from several threads. A context manager. Without a file it writes nothing."""

    def __init__(self, file: Path | None) -> None:
        """Raises SimulatorError where the file cannot be written."""
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        if file is not None:
            try:
                self._file = file.open("w", encoding="utf-8")
            except OSError as error:
                raise SimulatorError(f"The file {file} cannot be written: {error.strerror}. Name another with --truth.") from error

    def __enter__(self) -> "TruthWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file:
            self._file.close()

    def write(self, **said: Any) -> None:
        """Write a line. Raises SimulatorError where the disk is full."""
        if self._file is None:
            return
        line = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
        try:
            with self._lock:
                self._file.write(line + "\n")
        except OSError as error:
            raise SimulatorError(f"The file of the truth cannot be written on: {error.strerror}.") from error


@dataclass(slots=True)
class Truth:
    """What a file holds."""

    readings: dict[Key, int] = field(default_factory=dict)
    """The total meter of each reading."""
    newest: dict[tuple[str, str], int] = field(default_factory=dict)
    """By site and key of each device when it was read last while the clock of the site was right."""
    events: set[tuple[str, str]] = field(default_factory=set)
    """Site and id of each event."""
    waiting: set[Key] = field(default_factory=set)
    """What was not acknowledged when the simulator ended."""
    end: dict[str, int] | None = None
    """What the sites know of it themselves; None where the simulator was cut off."""


def read_truth(file: Path) -> Truth:
    """Return what a file holds. Raises SimulatorError where it cannot be read; a last line that was cut off is left out."""
    truth = Truth()
    sites: dict[int, tuple[str, Sequence[str]]] = {}
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith("\n"):
                    break
                said = json.loads(line)
                if number == 1 and said.get("truth") != VERSION:
                    raise ValueError("it does not begin as one")
                _take(truth, sites, said)
    except OSError as error:
        raise SimulatorError(f"The file {file} cannot be read: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SimulatorError(f"The file {file} is no truth of `dca-simulator sites`: {error}.") from error
    return truth


def _take(truth: Truth, sites: dict[int, tuple[str, Sequence[str]]], said: dict[str, Any]) -> None:
    if "keys" in said:
        sites[said["site"]] = (said["site_id"], said["keys"])
    elif "waiting" in said:
        site_id, keys = sites[said["site"]]
        truth.waiting |= {(site_id, keys[device], taken_at) for device, taken_at in said["waiting"]}
    elif "readings" in said:
        site_id, keys = sites[said["site"]]
        for device, taken_at, total in said["readings"]:
            truth.readings[site_id, keys[device], taken_at] = total
            if not said.get("off"):
                truth.newest[site_id, keys[device]] = taken_at
    elif "events" in said:
        truth.events |= {(sites[said["site"]][0], event) for event in said["events"]}
    elif "end" in said:
        truth.end = said["end"]
