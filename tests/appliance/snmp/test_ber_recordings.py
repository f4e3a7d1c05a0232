"""The fast reader against pysnmp on the answers of every recorded device and of the printers of the demo, whole and broken."""

import random
from collections.abc import Iterator

import pytest

from appliance.snmp.ber import read_request_id, read_response
from appliance.snmp.templates import Kind, Query, Templates
from benchmarks._mutations import mutate
from simulator.agent import Agent
from simulator.fleet import Member, Options, generated_fleet
from simulator.snmprec import read_recording
from tests.appliance.snmp.test_ber import agrees_with_pysnmp
from tests.recordings.recording import Recording, parameters

TOGETHER = 24
BROKEN = 60
"""Broken replies of each device."""
DEMO = generated_fleet(None, "127.0.42.1", Options(seconds_per_page=0.0)).members


def replies(agent: Agent) -> Iterator[bytes]:
    """Yield the answers of a device to requests that bring each of its objects, in each version and kind."""
    templates = Templates(capacity=8)
    oids = agent.oids

    def ask(query: Query) -> Iterator[bytes]:
        reply = agent.answer(templates.get(query).message(templates.next_request_id()), 0.0)
        if reply is not None:
            yield reply

    for start in range(0, len(oids), TOGETHER):
        some = tuple(oids[start : start + TOGETHER])
        yield from ask(Query("2c", "public", Kind.GET, some))
        yield from ask(Query("1", "public", Kind.GET_NEXT, some))
        yield from ask(Query("2c", "public", Kind.GET_BULK, some[:1], 0, TOGETHER))
    yield from ask(Query("2c", "public", Kind.GET, ((1, 3, 6, 1, 9), (*oids[0], 9))))
    yield from ask(Query("1", "public", Kind.GET, ((1, 3, 6, 1, 9),)))
    yield from ask(Query("2c", "public", Kind.GET_NEXT, (oids[-1],)))


def check(agent: Agent, name: str) -> None:
    whole = list(replies(agent))
    chance = random.Random(name)
    assert len(whole) > 3
    for reply in whole:
        assert read_response(reply) is not None, "what a device answers every day is read without pysnmp"
        agrees_with_pysnmp(reply)
    for _ in range(BROKEN):
        broken = mutate(chance.choice(whole), chance.choice(whole), chance)
        agrees_with_pysnmp(broken)
        read_request_id(broken)


@pytest.mark.parametrize("recording", parameters())
def test_the_answers_of_a_recorded_device_are_read_as_pysnmp_reads_them(recording: Recording) -> None:
    check(Agent(read_recording(recording.file)), recording.name)


@pytest.mark.parametrize("member", DEMO, ids=[member.name for member in DEMO])
def test_the_answers_of_a_simulated_printer_are_read_as_pysnmp_reads_them(member: Member) -> None:
    check(member.build(), member.name)
