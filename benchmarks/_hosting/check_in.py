"""What a check-in costs where nothing changed, and what a connection costs that is kept."""

import resource
import ssl
import time
from collections.abc import Sequence
from pathlib import Path

from appliance.common.files import to_json
from appliance.common.version import installed_version
from appliance.report.changes import state_digest
from benchmarks._figures import Figure, Reach
from benchmarks._hosting.process import Server, running
from benchmarks._hosting.sites import BenchmarkSite, Line, close_all, enrolled
from benchmarks.upload import STATE

EACH_SECOND = 200
"""Check-ins of 10,000 sites, one every 50 s."""
REACH = Reach(1.5, "at most")
REACH_KEPT = Reach(10.0, "at most")
PATH = "/api/v1/checkin"


def figures(name: str, folder: Path, address: str | None, number: int, times: int) -> list[Figure]:
    """Return the cost of check-ins of so many sites, each so many times: as those of a fleet come, and one after the other."""
    with running(folder, address) as server:
        sites = enrolled(server, address, number)
        lines = [Line(server.port) for _ in sites]
        for site, line in zip(sites, lines, strict=True):
            line.ask(site.request(PATH, to_json({"version": installed_version(), "state": STATE})))
        told = [_cost(server, sites, lines, times, pace) for pace in (1 / EACH_SECOND, None)]
        close_all(lines)
    what = f"check-in on {name} where nothing changed"
    alone = "each when the one before is answered"
    reach = REACH if address else None
    return [Figure(f"{what}, {EACH_SECOND} a second", told[0], "ms CPU", reach), Figure(f"{what}, {alone}", told[1], "ms CPU")]


def _cost(server: Server, sites: Sequence[BenchmarkSite], lines: Sequence[Line], times: int, pace: float | None) -> float:
    """Return the CPU milliseconds of a check-in, one every `pace` seconds; None: when the one before is answered."""
    body = to_json({"version": installed_version(), "unchanged": state_digest(STATE)})
    prepared = [(line, site.request(PATH, body)) for _ in range(times) for site, line in zip(sites, lines, strict=True)]
    before, began, waiting = server.processor_seconds, time.monotonic(), set[Line]()

    def answered(line: Line) -> None:
        waiting.remove(line)
        if "state_needed" in line.answer():
            raise RuntimeError("the hosting server has not the state it was told")

    for number, (line, request) in enumerate(prepared):
        if line in waiting:
            answered(line)
        if pace is not None:
            time.sleep(max(0.0, began + number * pace - time.monotonic()))
        line.send(request)
        waiting.add(line)
        if pace is None:
            answered(line)
    for line in list(waiting):
        answered(line)
    return 1000 * (server.processor_seconds - before) / len(prepared)


def kept(folder: Path, number: int) -> list[Figure]:
    """Return the memory of a connection over HTTPS that is kept after a check-in, of so many."""
    _allow_files(number)
    with running(folder, None, plain=False) as server:
        tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        sites = enrolled(server, None, number + number // 10, "https")
        first = _opened(sites[number:], tls)
        before = server.resident_bytes
        more = _opened(sites[:number], tls)
        passed = server.resident_bytes - before
        there = server.open_files > len(sites)
        close_all([*first, *more])
    note = "" if there else "it took so long to open them that the server closed the first ones as idle"
    each = passed / number / 1000 if there else None
    return [Figure(f"memory of a kept connection over HTTPS, of {number:,}", each, "kB", REACH_KEPT, note=note)]


def _opened(sites: Sequence[BenchmarkSite], tls: ssl.SSLContext) -> list[Line]:
    """Return a connection of each site, over which it has checked in once."""
    lines = []
    for site in sites:
        line = Line(site.port, tls)
        line.ask(site.request(PATH, to_json({"version": installed_version(), "unchanged": "nothing"})))
        lines.append(line)
    return lines


def _allow_files(number: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * number + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted) if hard != resource.RLIM_INFINITY else hard))
