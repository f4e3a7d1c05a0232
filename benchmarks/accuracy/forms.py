"""The four forms in which recordings are read: as recorded, over SNMPv1 alone, with datagrams lost, and with SNMP off, over IPP."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from appliance.common.errors import SnmpError
from appliance.common.network.traffic import Traffic
from appliance.http.ports import AllowedPorts
from appliance.http.supplements import Supplements
from appliance.reading.device import read_device
from appliance.reading.without_snmp import reading_of_parts
from appliance.snmp.client import SnmpClient
from benchmarks.accuracy import ipp_answers, ipp_facts
from benchmarks.accuracy.agents import BOTH, LOOPBACK, ONLY_1, OPTIONS, Served, address_of, served
from benchmarks.accuracy.facts import Fact, Reading, Verdict
from benchmarks.accuracy.judge import TAKEN_AT, Finding, Judged, all_facts, judge
from benchmarks.accuracy.partial import is_whole, untrue
from benchmarks.accuracy.recorded import Recorded
from simulator.faults import Faults

AT_ONCE = 4
"""Devices read at the same time: more would wait for the processor and not for the network."""
MOST_VISITS = 12
"""Visits until a device has to be whole."""
LOSS = 0.2
LOSSY = replace(OPTIONS, retries=5)
"""`snmp.retries` of a site whose network loses that much: the most there is."""

Judge = Callable[[Recorded], Awaitable[Judged]]


@dataclass(frozen=True, slots=True)
class Form:
    """One form: its name on the command line, what it is, and how all recordings are judged in it, by a seed."""

    name: str
    title: str
    run: Callable[[Sequence[Recorded], int], list[Judged]]


def _recorded(recordings: Sequence[Recorded], _seed: int) -> list[Judged]:
    return [judge(each) for each in recordings]


def _all_at_once(recordings: Sequence[Recorded], judge_one: Judge) -> list[Judged]:
    async def main() -> list[Judged]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(recorded: Recorded) -> Judged:
            async with slots:
                return await judge_one(recorded)

        return await asyncio.gather(*map(one, recordings))

    return asyncio.run(main())


# SNMPv1


def _version_1(recordings: Sequence[Recorded], _seed: int) -> list[Judged]:
    return _all_at_once(recordings, _judge_version_1)


async def _judge_version_1(recorded: Recorded) -> Judged:
    """Judge a device that answers SNMPv1 alone: objects of Counter64 do not exist in it."""
    carried = recorded.without(recorded.counters64)
    judged = Judged(recorded.name, recorded.vendor)
    async with SnmpClient(OPTIONS) as client, served(recorded, client, versions=ONLY_1, faults=Faults()) as device:
        facts = all_facts(recorded, device.address)
        lost = {fact.key for fact in facts} - {fact.key for fact in all_facts(carried, device.address)}
        possible = [fact for fact in all_facts(carried, device.address) if not _is_lost(fact, recorded)]
        session = device.session()
        reading = (await read_device(session, taken_at=TAKEN_AT)).model_dump(mode="json")
        judged.counted.update({"datagrams": device.datagrams.requests, "partial": session.partial is not None})
    judged.take(reading, carried, possible)
    judged.leave_out([fact for fact in facts if fact.key in lost or _is_lost(fact, recorded)], [])
    return judged


def _is_lost(fact: Fact, recorded: Recorded) -> bool:
    """Return whether a fact of another project is about an object that SNMPv1 does not know: its value stands there alone."""
    if fact.source != "peer":
        return False
    values = {str(recorded.objects[oid]) for oid in recorded.counters64}
    rows = {f"supply {oid.rpartition('.')[2]} " for oid in recorded.counters64 if ".43.11.1.1." in oid}
    return str(fact.wanted) in values or any(fact.what.startswith(row) for row in rows)


# Loss


def _loss(recordings: Sequence[Recorded], seed: int) -> list[Judged]:
    return _all_at_once(recordings, partial(_judge_loss, seed=seed))


async def _judge_loss(recorded: Recorded, *, seed: int) -> Judged:
    """Judge a device of whose datagrams a fifth is lost, either way: visit by visit, until one is whole."""
    judged = Judged(recorded.name, recorded.vendor)
    faults = Faults(loss=LOSS, seed=hash_of(f"{seed} {recorded.name}"))
    async with SnmpClient(OPTIONS) as client, served(recorded, client, versions=BOTH, faults=faults) as device:
        facts = all_facts(recorded, device.address)
        reading = await _until_whole(device, recorded, facts, judged)
        judged.counted.update({"datagrams": device.datagrams.requests, "lost": device.datagrams.lost})
    if reading is None:
        judged.findings += [Finding(fact, Verdict.MISSING, None) for fact in facts]
    else:
        judged.take(reading, recorded, facts)
    return judged


async def _until_whole(device: Served, recorded: Recorded, facts: list[Fact], judged: Judged) -> Reading | None:
    """Return the first reading that does not say it is partial; each that does is judged, too.

    The first visit has the patience that sites have before anybody changes it.
    """
    for number in range(MOST_VISITS):
        judged.counted["visits"] += 1
        session = device.session(LOSSY if number else OPTIONS)
        try:
            reading = (await read_device(session, taken_at=TAKEN_AT)).model_dump(mode="json")
        except SnmpError:
            judged.counted["without an answer"] += 1
            continue
        if is_whole(reading):
            return reading
        judged.counted["partial"] += 1
        wrong = untrue(recorded, reading, facts)
        fact = Fact(
            18, f"partial visit {judged.counted['visits']}", "what is missing is said", lambda _: None, about="partial reads"
        )
        verdict = Verdict.WRONG if wrong else Verdict.RIGHT
        judged.findings.append(Finding(fact, verdict, wrong[0] if wrong else fact.wanted))
    return None


def hash_of(text: str) -> int:
    """Return a number that depends on nothing but a text."""
    return int.from_bytes(text.encode(), "big")


# SNMP off


def _without_snmp(recordings: Sequence[Recorded], _seed: int) -> list[Judged]:
    return _all_at_once(recordings, _judge_without_snmp)


async def _judge_without_snmp(recorded: Recorded) -> Judged:
    """Judge a device that answers IPP alone, as its standard objects make an answer."""
    address = address_of(recorded)
    judged = Judged(recorded.name, recorded.vendor)
    facts = all_facts(recorded, address)
    carried = ipp_facts.facts(recorded, address)
    # What others computed of the same things stands for these, too; but their models may be from objects that are not answered.
    topics = {fact.what for fact in carried} - {"model"}
    carried += [fact for fact in facts if fact.source == "peer" and fact.what in topics]
    await _judge_answer(recorded, ipp_answers.answer(recorded), carried, judged)
    # Printers older than printer-supply: their supplies by position, and in percent.
    by_markers = ipp_facts.marker_facts(recorded)
    await _judge_answer(recorded, ipp_answers.answer(recorded, markers=True), by_markers, judged, look_up=False)
    judged.leave_out(facts, carried)
    return judged


async def _judge_answer(
    recorded: Recorded, answer: bytes, carried: Sequence[Fact], judged: Judged, *, look_up: bool = True
) -> None:
    """Judge what is read of an answer over HTTP; with `look_up` also by what the recording has at all."""
    async with _ipp_server(answer) as port:
        supplements = Supplements(ports=AllowedPorts([port]), ipp_port=port, web_ports=())
        build = partial(reading_of_parts, address=address_of(recorded), taken_at=TAKEN_AT)
        found = await supplements.search(LOOPBACK, build, Traffic(), _no_pace)
    judged.counted["read over IPP"] += found is not None
    reading = found.model_dump(mode="json") if found is not None else None
    if reading is None or not look_up:
        judged.findings += [Finding(fact, *(fact.verdict(reading) if reading else (Verdict.MISSING, None))) for fact in carried]
    else:
        judged.take(reading, recorded, carried, ipp_facts.further(recorded))


async def _no_pace() -> None:
    """Everything may be sent at once."""


class _Answer(RequestHandler):
    """Answers Get-Printer-Attributes; the number of the request, which stands in its octets 4 to 7, comes back."""

    def initialize(self, answer: bytes) -> None:
        self._ipp = answer

    def post(self) -> None:
        self.set_header("Content-Type", "application/ipp")
        self.write(self._ipp[:4] + self.request.body[4:8] + self._ipp[8:])


@asynccontextmanager
async def _ipp_server(answer: bytes) -> AsyncIterator[int]:
    """Serve an answer at /ipp/print on loopback, and yield the port."""
    server = HTTPServer(Application([("/ipp/print", _Answer, {"answer": answer})], log_function=lambda _: None))
    sockets = bind_sockets(0, LOOPBACK)
    server.add_sockets(sockets)
    try:
        yield int(sockets[0].getsockname()[1])
    finally:
        server.stop()
        await server.close_all_connections()


FORMS = (
    Form("recorded", "as recorded", _recorded),
    Form("v1", "SNMPv1 alone", _version_1),
    Form("loss", "a fifth of the datagrams lost", _loss),
    Form("without-snmp", "SNMP off, over IPP", _without_snmp),
)


def totals(judged: Sequence[Judged]) -> Counter[Verdict]:
    """Return how many facts got which verdict, over all recordings."""
    return sum((each.count() for each in judged), Counter())
