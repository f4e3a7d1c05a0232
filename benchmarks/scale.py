"""One collector reads 5,000 simulated printers on loopback, on two cores: time, memory, database and bytes."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks import _command
from benchmarks._figures import Bars, Figure, Report
from benchmarks._fleet import collector, printers

PRINTERS = 5000
POLLS = 5
PACE = 200
MEBIBYTE = 1 << 20


def measure(quick: bool) -> Report:
    """Return what the first sweep and later polls take. Raises ValueError when a printer is not read."""
    count, polls = (50, 1) if quick else (PRINTERS, POLLS)
    with tempfile.TemporaryDirectory(prefix="dca-scale-") as name:
        folder = Path(name)
        with printers(folder, "--fleet", str(count)) as fleet, collector(folder / "data", fleet, packets_per_second=PACE) as reader:
            first = reader.step("sweep")
            first_size = _size(folder / "data")
            later = [reader.step("read") for _ in range(polls)]
        size = _size(folder / "data")
    for scan in (first, *later):
        if scan["read"] != count or scan["failed"]:
            raise ValueError(f"{scan['read']} of {count} printers were read, {scan['failed']} failed: {scan['failures'][:3]}")
    bytes_a_poll = median(scan["bytes_sent"] + scan["bytes_received"] for scan in later)
    many = f"{count:,} printers"
    figures = [
        Figure(f"{many}, found and read for the first time", first["seconds"], "s"),
        Figure(f"{many}, found and read, processor time", first["cpu_seconds"], "s"),
        Figure(f"{many}, found and read, bytes", (first["bytes_sent"] + first["bytes_received"]) / MEBIBYTE, "MB"),
        Figure(f"{many}, poll", median(scan["seconds"] for scan in later), "s"),
        Figure(f"{many}, poll, processor time", median(scan["cpu_seconds"] for scan in later), "s"),
        Figure(f"{many}, poll, bytes", bytes_a_poll / MEBIBYTE, "MB"),
        Figure(f"{many}, memory of the collector (PSS)", later[-1]["pss"] / MEBIBYTE, "MB"),
        Figure(f"{many}, highest memory of the collector", later[-1]["peak"] / MEBIBYTE, "MB"),
        Figure(f"{many}, database after the first reading", first_size / MEBIBYTE, "MB"),
        Figure(f"{many}, database, each reading more", (size - first_size) / polls / count / 1024, "kB"),
    ]
    details = (
        f"The printers on one core, the collector on the other one, all at the usual pace of {PACE} packets a second; {polls} "
        "polls, medians. Readings wait in the outbox, as when the hosting server cannot be reached."
    )
    values = {"ours, found and read for the first time": first["seconds"], "ours, poll": median(scan["seconds"] for scan in later)}
    return Report("scale", figures, {}, details, Bars(many, "seconds", values))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("readings.db*"))


def run(arguments: Sequence[str]) -> int:
    """Measure and print."""
    return _command.run("scale", __doc__, measure, arguments)
