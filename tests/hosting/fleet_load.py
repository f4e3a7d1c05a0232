"""Simulated sites at a cluster whose processes are killed while they send: what came of it."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from simulator.sites.count import Count
from simulator.sites.truth_file import read_truth
from tests.children import Child
from tests.hosting.cluster import SERVERS, Cluster
from tests.hosting.kept import compare

ENROLLED_DEADLINE, END_DEADLINE = 900.0, 600.0
DOWN_SECONDS = 2.0
"""So long a killed server stays away."""
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Load:
    """How much is sent, for how many real minutes; `kills` processes are killed meanwhile, `words` are further options."""

    sites: int
    devices: int
    minutes: float
    pace: float
    kills: int
    words: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sites say of themselves, and what the database says of them."""

    told: dict[str, Any]
    count: Count
    killed: list[str]


def put_under_load(cluster: Cluster, load: Load, progress: Callable[[str], None] = lambda _: None) -> Outcome:
    """Let sites send while servers and PostgreSQL are killed in turn. Raises AssertionError where the simulator fails."""
    truth = cluster.folder / "truth.jsonl"
    child = start_sites(cluster, load, truth)
    try:
        child.wait_for("are enrolled", deadline=ENROLLED_DEADLINE)
        progress("enrolled")
        killed = list(_kill(cluster, load, child, progress))
        finished = child.wait(load.minutes * 60 + END_DEADLINE)
    finally:
        child.kill()
    assert finished.returncode == 0, finished.stderr
    return Outcome(json.loads(finished.stdout.splitlines()[-1]), compare(read_truth(truth), cluster.database), killed)


def start_sites(cluster: Cluster, load: Load, truth: Path) -> Child:
    """Start the simulator."""
    fleet = ["--count", str(load.sites), "--devices", str(load.devices)]
    strings = cluster.strings(load.sites)
    way: list[str | Path] = ["--enrolment", strings, "--ca-file", cluster.authority, "--truth", truth]
    pace = ["--minutes", str(load.minutes), "--pace", str(load.pace)]
    return Child(["python", "-m", "simulator", "sites", *fleet, *way, *pace, *load.words, "--json"])


def _kill(cluster: Cluster, load: Load, child: Child, progress: Callable[[str], None]) -> Iterator[str]:
    """Kill one after the other, evenly over the run, and name what was killed."""
    names = [*(f"server {n}" for n in range(SERVERS - 1)), "PostgreSQL", f"server {SERVERS - 1}"]
    began = time.monotonic()
    for number, name in zip(range(load.kills), cycle(names), strict=False):
        while child.running and time.monotonic() < began + (number + 1) * load.minutes * 60 / (load.kills + 1):
            time.sleep(LOOK_SECONDS)
        if not child.running:
            return
        progress(f"SIGKILL: {name}")
        if name == "PostgreSQL":
            cluster.postgresql.crash()
        else:
            server = int(name.split()[1])
            cluster.kill_server(server)
            time.sleep(DOWN_SECONDS)
            cluster.start_server(server)
        yield name
