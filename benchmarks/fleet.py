"""Thousands of simulated sites at two servers behind haproxy, on PostgreSQL, while all of them are killed: lost, doubled, slowest.

Needs `haproxy` and PostgreSQL. The simulator runs on the same machine and takes most of its processor: what it itself was behind
with stands beside the figures.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import _machine
from benchmarks._command import EXIT_NOT_MEASURED
from benchmarks._figures import Figure, Reach, as_text
from tests.hosting.cluster import cluster
from tests.hosting.fleet_load import Load, Outcome, put_under_load
from tests.hosting.postgresql import NotInstalledError

NONE = Reach(0.0, "at most")
ANSWERED_SECONDS = Reach(2.0, "at most")


def run(arguments: Sequence[str]) -> int:
    """Put the cluster under load, print what came of it, and return 0 where nothing is lost or late, else 1."""
    options = _parser().parse_args(arguments)
    words = ["--check-in", str(options.check_in), "--read", str(options.read), "--drain", "300", "--seed", str(options.seed)]
    load = Load(options.sites, options.devices, options.minutes, options.pace, options.kills, words)
    began = time.monotonic()

    def progress(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {line}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="dca-fleet-") as folder:
        try:
            with cluster(Path(folder, "data"), durable=True) as running:
                outcome = put_under_load(running, load, progress)
        except NotInstalledError as error:
            print(f"fleet is not measured: {error}.", file=sys.stderr)
            return EXIT_NOT_MEASURED
    figures = _figures(outcome)
    if options.json:
        print(json.dumps({"told": outcome.told, "figures": {each.what: each.ours for each in figures}}, indent=1))
    else:
        print("\n".join([as_text(figures), "", _machine.machine(), _details(load, outcome)]))
    return 1 if any(each.verdict == "NOT met" for each in figures) else 0


def _parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m benchmarks fleet", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--sites", type=int, default=2000, metavar="N")
    options.add_argument("--devices", type=int, default=50, metavar="M", help="of each site")
    options.add_argument("--minutes", type=float, default=10.0, help="real ones")
    options.add_argument("--pace", type=float, default=6.0, help="seconds of the sites in a real one (default: %(default)s)")
    options.add_argument("--read", type=float, default=60.0, metavar="MIN", help="minutes of a site between readings")
    options.add_argument("--check-in", type=float, default=300.0, metavar="SECONDS", help="seconds of a site between check-ins")
    options.add_argument("--kills", type=int, default=6, help="processes killed, evenly over the run")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true", help="print JSON")
    return options


def _figures(outcome: Outcome) -> list[Figure]:
    told, count = outcome.told, outcome.count
    undisturbed: dict[str, Any] = told["check_ins"]["undisturbed"]
    return [
        Figure("readings made", count.made, ""),
        Figure("lost", count.lost, "", NONE),
        Figure("doubled, by the database", count.doubled + count.strange, "", NONE),
        Figure("doubled, by the answers", count.accepted_twice, "", NONE),
        Figure("with another meter", count.wrong_meters, "", NONE),
        Figure("events lost and doubled", count.events_lost + count.events_doubled, "", NONE),
        Figure("sent twice, and told so", told["duplicate"], ""),
        Figure("undisturbed sites: check-ins answered", undisturbed["answered"], ""),
        Figure("undisturbed sites: slowest of them", undisturbed["slowest"], "s", ANSWERED_SECONDS),
        Figure("undisturbed sites: check-ins above 2 s", undisturbed["slow"], ""),
        Figure("undisturbed sites: check-ins that failed", undisturbed["failed"], ""),
        Figure("undisturbed sites: slowest that failed", undisturbed["slowest_refusal"], "s", ANSWERED_SECONDS),
        Figure("undisturbed sites: longest until answered", undisturbed["longest_gap"], "s"),
        Figure("the simulator was behind by, at most", told["late_seconds"], "s"),
        Figure("the simulator's memory, at most", told["memory_mb"], "MB"),
    ]


def _details(load: Load, outcome: Outcome) -> str:
    failures = ", ".join(f"{count:,} x {what}" for what, count in outcome.told["failures"].items()) or "none"
    trouble = ", ".join(f"{count:,} {kind}" for kind, count in sorted(outcome.told["troubles"].items()))
    examples = "\n".join(outcome.count.examples)
    killed = ", ".join(outcome.killed) or "nothing"
    return (
        f"{load.sites:,} sites with {load.devices} devices for {load.minutes:g} minutes at pace {load.pace:g}; killed: {killed}. "
        f"Trouble of the sites: {trouble or 'none'}. Calls that failed: {failures}.\n{examples}"
    ).rstrip()
