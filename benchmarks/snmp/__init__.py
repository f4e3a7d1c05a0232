"""SNMP requests a second on one core: our client against gufo-snmp and pysnmp, with one fast printer on another core.

"A second" is one of processor time of the client, so that other programs on the machine do not count.
"""

import json
import os
import subprocess
import timeit
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

from appliance.snmp.authority import decode_response
from appliance.snmp.ber import read_response
from appliance.snmp.templates import Kind, Query, Templates
from benchmarks import _command, _machine
from benchmarks._children import environment, python
from benchmarks._figures import Bars, Figure, Reach, Report
from benchmarks.snmp.questions import BULK_VARBINDS, COLUMNS, COMMUNITY, GET, IN_FLIGHT, ROWS
from benchmarks.snmp.responder import Canned, Responder, simulated_printer

TIMES = 7
OURS = {"session": "ours", "transport": "ours, socket and reader alone"}
PEERS = {"gufo": "gufo-snmp", "pysnmp_tuples": "pysnmp v1arch, tuples", "pysnmp_default": "pysnmp"}
COUNTS = {"get": {"session": 20_000, "transport": 20_000, "gufo": 20_000, "pysnmp_tuples": 1000, "pysnmp_default": 500}}
COUNTS["bulk"] = {"session": 5000, "transport": 5000, "gufo": 5000, "pysnmp_tuples": 300, "pysnmp_default": 150}
QUESTIONS = {"get": f"v2c GET of {len(GET)} varbinds", "bulk": f"v2c GETBULK of {BULK_VARBINDS} varbinds"}


class Clients:
    """Asks the responder with each client in turn, round after round."""

    def __init__(self, responder: Responder, core: int, *, quick: bool) -> None:
        self._responder = responder
        self._core = core
        self._quick = quick
        self.idle: list[float] = []
        """Share of the looks of the responder that found no request, one for each of our runs."""

    def rates(self, question: str) -> dict[str, float]:
        """Return requests in a second of processor time by client, the median of all rounds."""
        found: dict[str, list[float]] = {}
        for _ in range(1 if self._quick else TIMES):
            for name, count in COUNTS[question].items():
                if name == "gufo" and _machine.package("gufo-snmp") is None:
                    continue
                found.setdefault(name, []).append(self._rate(name, question, count // 20 if self._quick else count))
        return {name: median(values) for name, values in found.items()}

    def _rate(self, name: str, question: str, count: int) -> float:
        looks, requests = self._responder.looks()
        words = [*python("benchmarks.snmp.clients"), name, question, self._responder.port, count, self._core]
        told = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True, env=environment())
        measured = json.loads(told.stdout)
        if name in OURS:
            looks, requests = (after - before for after, before in zip(self._responder.looks(), (looks, requests), strict=True))
            self.idle.append(1 - requests / looks)
        return float(measured["requests"] / measured["cpu_seconds"])


def measure(quick: bool) -> Report:
    """Return requests a second of each client, and what decoding alone takes."""
    cores = sorted(os.sched_getaffinity(0))
    with Responder(cores[-1]) as responder:
        clients = Clients(responder, cores[0], quick=quick)
        rates = {question: clients.rates(question) for question in QUESTIONS}
    get = rates["get"]
    of_gufo = get["session"] / get["gufo"] if "gufo" in get else None
    figures = [
        Figure(QUESTIONS["get"], get["session"], "/s", Reach(20_000, "at least"), _peers(get), "more"),
        Figure("GET, times the rate of gufo-snmp (Rust)", of_gufo, "", Reach(1, "at least")),
        Figure("GET, times the rate of pysnmp's own client", get["session"] / get["pysnmp_default"], "", Reach(40, "at least")),
        Figure("GET, our socket and reader alone", get["transport"], "/s"),
        Figure(f"{QUESTIONS['bulk']}, socket and reader", rates["bulk"]["transport"], "/s", None, _peers(rates["bulk"]), "more"),
        Figure("the same table in a visit, planned and followed to its end", rates["bulk"]["session"], "/s"),
        *_decoding(quick),
    ]
    where = "another core" if len(cores) > 1 else "the same core"
    details = (
        f"Median of {1 if quick else TIMES} rounds, each client in a process of its own on a core, {IN_FLIGHT} requests at a time; "
        "a second is one of the client's processor time. "
        f"The printer, on {where}, found no request in {min(clients.idle):.1%} of its looks, so it was not the limit. "
        '"ours" is a visit as scans make it: repetitions, budget of time, repairs. gufo-snmp has no GETBULK of several columns and '
        "asks for as many objects in a row."
    )
    named = {OURS.get(name) or PEERS[name]: rate for name, rate in get.items()}
    versions = {name: _machine.package(name) for name in ("gufo-snmp", "pysnmp", "pyasn1")}
    return Report("snmp", figures, versions, details, Bars(QUESTIONS["get"], "requests a second of one core", named))


def _peers(rates: dict[str, float]) -> dict[str, float | None]:
    return {text: rates.get(name) for name, text in PEERS.items()}


def _decoding(quick: bool) -> list[Figure]:
    """Return what reading one reply takes, ours and pysnmp with pyasn1."""
    canned, templates = Canned(simulated_printer()), Templates()
    queries = {
        len(GET): Query("2c", COMMUNITY, Kind.GET, GET),
        BULK_VARBINDS: Query("2c", COMMUNITY, Kind.GET_BULK, COLUMNS, 0, ROWS),
    }
    figures = []
    for varbinds, query in queries.items():
        reply = canned.answer(templates.get(query).message(templates.next_request_id()))
        ours = _microseconds(partial(read_response, reply), 200 if quick else 5000)
        theirs = _microseconds(partial(decode_response, reply), 5 if quick else 50)
        figures.append(Figure(f"decode {varbinds} varbinds ({len(reply)} B)", ours, "us", peers={"pysnmp and pyasn1": theirs}))
    return figures


def _microseconds(work: Callable[[], object], count: int) -> float:
    timer = timeit.Timer(work)
    return median(timer.repeat(TIMES, count)) / count * 1e6


def run(arguments: Sequence[str]) -> int:
    """Measure and print; 1 where the design is not reached."""
    return _command.run("snmp", __doc__, measure, arguments)
