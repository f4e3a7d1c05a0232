"""A fleet of printers that changes: written as recordings, served by the simulator at the same addresses and port each time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import FreePort, RunningSimulator, StartSimulator

BASE = "127.0.77.1"


@dataclass(frozen=True)
class Printer:
    """What a printer says of itself."""

    serial: str
    total: int = 1000
    toner: int = 80
    panel: str = "Ready"
    location: str = "Hall"
    alert: str = ""
    mac: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return the printer as a recording."""
        alert = {
            "43.18.1.1.2.1.1": "2|3",
            "43.18.1.1.4.1.1": "2|13",
            "43.18.1.1.5.1.1": "2|1",
            "43.18.1.1.6.1.1": "2|1",
            "43.18.1.1.7.1.1": "2|8",
            "43.18.1.1.8.1.1": f"4|{self.alert}",
        }
        objects = {
            "1.1.0": "4|HP LaserJet 4050",
            "1.2.0": "6|1.3.6.1.4.1.11.2.3.9.1",
            "1.3.0": "67|90000",
            "1.6.0": f"4|{self.location}",
            **({"2.2.1.6.1": f"4x|{self.mac}"} if self.mac else {}),
            "25.3.2.1.2.1": "6|1.3.6.1.2.1.25.3.1.5",
            "25.3.2.1.3.1": "4|HP LaserJet 4050",
            "25.3.5.1.1.1": "2|3",
            "43.5.1.1.17.1": f"4|{self.serial}",
            "43.10.2.1.3.1.1": "2|7",
            "43.10.2.1.4.1.1": f"65|{self.total}",
            "43.11.1.1.4.1.1": "2|3",
            "43.11.1.1.5.1.1": "2|3",
            "43.11.1.1.6.1.1": "4|Black toner",
            "43.11.1.1.7.1.1": "2|19",
            "43.11.1.1.8.1.1": "2|100",
            "43.11.1.1.9.1.1": f"2|{self.toner}",
            "43.16.5.1.2.1.1": f"4|{self.panel}",
            **(alert if self.alert else {}),
            **self.more,
        }
        return [f"1.3.6.1.2.1.{oid}|{value}" for oid, value in objects.items()]


class Fleet:
    """Serves printers at 127.0.77.1, .2, …; each `serve` takes the place of the one before."""

    def __init__(self, folder: Path, start_simulator: StartSimulator, free_port: FreePort) -> None:
        self._folder = folder
        self._start = start_simulator
        self.port = free_port("udp")
        self._running: RunningSimulator | None = None
        self._served = 0

    def serve(self, *printers: Printer) -> RunningSimulator:
        """Let these printers answer from now on, and no others."""
        if self._running:
            self._running.stop()
        self._served += 1
        folder = self._folder / f"fleet-{self._served}"
        folder.mkdir(parents=True)
        for number, printer in enumerate(printers):
            (folder / f"{number:03}.snmprec").write_text("\n".join(printer.lines()) + "\n")
        self._running = self._start("--recordings", folder, "--base", BASE, "--port", self.port)
        return self._running
