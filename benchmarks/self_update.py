"""Updates of the container while it scans: seconds without the web UI, and readings that were lost or doubled.

A private Docker Engine, an appliance on the network of the host that scans 13 simulated printers without a pause and sends every
reading to a hosting server, and one update after the other between two versions. The web UI is asked every 50 ms; at the end the
readings of the site are compared with those of the hosting server, by serial number and moment. Needs root, an engine in
`DOCKER_HOST` (or at its usual socket) that has the image, and a Docker Engine on this machine.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks import _command
from benchmarks._figures import Figure, Reach, Report
from tests.engine.daemon import EngineKind
from tests.engine.matrix import IMAGE, running
from tests.engine.scanning_site import PRINTERS, ScanningSite
from tests.engine.team import ReleasingTeam

UPDATES, QUICK_UPDATES = 20, 2
CEILING_SECONDS = 10.0


def measured(image: str, updates: int) -> Report:
    """Carry the updates out, and return the figures."""
    with tempfile.TemporaryDirectory(prefix="dca-self-update-") as name, running(EngineKind.of_environment(), image) as matrix:
        team = ReleasingTeam(Path(name) / "team")
        site = ScanningSite(matrix.site, team, Path(name))
        try:
            with site.printers() as (targets, port):
                site.install_scanning(matrix.images["good"][0], targets, port)
                outages = [_update(site, matrix.images["good"], number) for number in range(updates)]
                kept = site.all_sent()
            engine = site.docker("version", "--format", "{{.Server.Version}}")
        finally:
            team.stop()
    nothing = Reach(0, "at most")
    figures = [
        Figure("longest time without the web UI", max(outages), "s", Reach(CEILING_SECONDS, "at most")),
        Figure("median time without the web UI", median(outages), "s"),
        Figure("readings of the site that were lost", len(kept.lost), "", nothing),
        Figure("readings that were doubled", len(kept.doubled), "", nothing),
        Figure("readings that were compared", sum(kept.at_site.values()), ""),
    ]
    details = f"{updates} updates one after the other, {PRINTERS} printers scanned without a pause, the web UI asked every 50 ms."
    return Report("self-update", figures, {"Docker Engine": engine}, details)


def _update(site: ScanningSite, images: tuple[str, ...], number: int) -> float:
    target = 1 - number % 2
    outage = site.update(images[target], f"9.0.{target + 1}")
    print(f"update {number + 1}: {outage:.2f} s without the web UI", file=sys.stderr, flush=True)
    return outage


def run(arguments: Sequence[str]) -> int:
    """Measure and print; 1 where it takes longer than it may, or a reading is lost or doubled."""
    parser = _command.parser("self_update", __doc__)
    parser.add_argument("--image", default=IMAGE, help="the image of the appliance, at the engine of DOCKER_HOST")
    options: argparse.Namespace = parser.parse_args(arguments)
    return _command.finish(measured(options.image, QUICK_UPDATES if options.quick else UPDATES), options)
