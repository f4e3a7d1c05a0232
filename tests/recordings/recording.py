"""The recordings of real devices (`.snmprec`): where they are, what they hold, and the values known to be true of them."""

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.snmp.recording import read_recording
from appliance.snmp.values import Objects

FOLDER = Path(os.environ.get("DCA_RECORDINGS") or Path(__file__).resolve().parents[2] / ".." / "shared" / "recordings")


@dataclass(frozen=True)
class Recording:
    """One recorded device."""

    name: str
    vendor: str
    kind: str

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.snmprec"

    def objects(self) -> Objects:
        return read_recording(self.file)

    def expected(self) -> dict[str, Any]:
        """Return what another project computed from the same recording, empty where there is nothing."""
        file = FOLDER / "expected" / f"{self.name}.json"
        known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return known


def recordings(*kinds: str) -> list[Recording]:
    """Return the recordings of these kinds, none where the folder is absent."""
    index = FOLDER / "index.tsv"
    if not index.exists():
        return []
    with index.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return [
            Recording(row["file"].removesuffix(".snmprec"), row["vendor"], row["kind"])
            for row in rows
            if not kinds or row["kind"] in kinds
        ]


def parameters(*kinds: str) -> list[Any]:
    """Return pytest parameters, one a recording; where the folder is absent, one that is skipped and says so."""
    found = recordings(*kinds)
    if not found:
        reason = f"no recordings in {FOLDER}: set DCA_RECORDINGS to the folder that has index.tsv"
        return [pytest.param(None, id="absent", marks=[pytest.mark.skip(reason=reason), pytest.mark.recordings])]
    return [pytest.param(recording, id=recording.name, marks=pytest.mark.recordings) for recording in found]
