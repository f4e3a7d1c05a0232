"""Processor time of a full read and of a poll, decoded and stored: simulated printers and recorded devices, the real store."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import _command
from benchmarks._figures import Bars, Figure, Reach, Report
from benchmarks._fleet import collector, printers
from benchmarks.endurance import RECORDINGS

TIMES = 7
FLEET = 130


def measure(quick: bool) -> Report:
    """Return milliseconds of processor time for each device."""
    times = 1 if quick else TIMES
    with tempfile.TemporaryDirectory(prefix="dca-read-") as name:
        folder = Path(name)
        demo = _times(folder / "demo", times, "--fleet", str(13 if quick else FLEET))
        recordings = Path(os.environ.get("DCA_RECORDINGS") or RECORDINGS)
        recorded = _times(folder / "recorded", times, "--recordings", str(recordings)) if any(recordings.glob("*.snmprec")) else {}
    figures = [
        Figure("full read of a printer, decoded and stored", demo["full"], "ms", Reach(5, "at most")),
        Figure("poll of a printer, decoded and stored", demo["read"], "ms"),
        Figure("found, read for the first time, and stored", demo["sweep"], "ms"),
        Figure("full read of a recorded device", recorded.get("full"), "ms", Reach(5, "at most")),
        Figure("poll of a recorded device", recorded.get("read"), "ms"),
    ]
    details = (
        f"Processor time of the collector for each device, median of {times}, over sockets on loopback: {13 if quick else FLEET} "
        "simulated printers of 13 models, and the recordings of real devices. The first time has the start of the process, the "
        "pings and the encoding of the requests in it."
    )
    values = {f"ours, {each.what}": each.ours for each in figures if each.ours is not None}
    return Report("read", figures, {}, details, Bars("Processor time for a device", "ms", values))


def _times(folder: Path, times: int, *options: str) -> dict[str, float]:
    folder.mkdir()
    found: dict[str, list[float]] = {}
    with printers(folder, *options) as fleet, collector(folder / "data", fleet) as reader:
        for step in ["sweep", "full", *["full"] * times, *["read"] * times]:
            told = reader.step(step)
            found.setdefault(step, []).append(_milliseconds(told))
    # The first full read has requests to encode that the first read did not ask.
    return {"sweep": found["sweep"][0], "full": median(found["full"][1:]), "read": median(found["read"])}


def _milliseconds(told: dict[str, Any]) -> float:
    return float(told["cpu_seconds"]) / int(told["read"]) * 1000


def run(arguments: Sequence[str]) -> int:
    """Measure and print; 1 where the design is not reached."""
    return _command.run("read", __doc__, measure, arguments)
