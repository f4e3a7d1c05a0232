"""Every recorded device is read the same when it is polled, and in every way in which an agent can be asked."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.device import poll_device, read_device, visit_device
from appliance.reading.polling import changing
from appliance.reading.sources import objects as mib
from appliance.report import Reading
from appliance.snmp.client import Agent, AgentProfile, SnmpClient
from appliance.snmp.recording import Recording as Replayed
from appliance.snmp.values import Oid, Tag, Value
from tests.appliance.snmp.messages import GET_BULK
from tests.appliance.snmp.responder import Answer, responding
from tests.recordings.recording import Recording, parameters

TAKEN_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LATER = TAKEN_AT + timedelta(minutes=30)
ADDRESS = "127.0.0.1"
_NUMBERS = frozenset({Tag.COUNTER32, Tag.COUNTER64, Tag.TIME_TICKS})


def after_printing(objects: Mapping[Oid, Value]) -> dict[Oid, Value]:
    """Return the objects of a device that has printed ten pages: counters have risen, levels have fallen."""
    changed = dict(objects)
    for oid in changing(objects, builtin_definitions()).scalars:
        value = objects[oid]
        if isinstance(value.content, int) and value.tag in _NUMBERS:
            changed[oid] = Value(value.tag, value.content + 10)
    for oid, value in objects.items():
        if not isinstance(value.content, int) or value.content <= 0:
            continue
        if oid[: len(mib.PRT_MARKER_LIFE_COUNT.oid)] == mib.PRT_MARKER_LIFE_COUNT.oid:
            changed[oid] = Value(value.tag, value.content + 10)
        if oid[: len(mib.PRT_MARKER_SUPPLIES_LEVEL.oid)] == mib.PRT_MARKER_SUPPLIES_LEVEL.oid:
            changed[oid] = Value(value.tag, value.content - 1)
    return changed | {oid: value for oid, value in objects.items() if oid[:-1] == mib.PRT_GENERAL_CONFIG_CHANGES.oid}


@pytest.mark.parametrize("recording", parameters())
def test_a_poll_after_printing_reads_what_a_full_read_reads(recording: Recording) -> None:
    async def main() -> tuple[Reading, Reading]:
        before = await visit_device(Replayed(recording.objects(), ADDRESS), taken_at=TAKEN_AT)
        assert before.snapshot is not None
        printed = after_printing(recording.objects())
        polled = await poll_device(Replayed(printed, ADDRESS), before.snapshot, taken_at=LATER)
        assert polled is not None
        return polled.reading, await read_device(Replayed(printed, ADDRESS), taken_at=LATER)

    polled, whole = asyncio.run(main())
    assert polled == whole


def without_bulk(responder: object, request: object) -> list[bytes]:
    """Leave GETBULK unanswered."""
    return [] if request.kind == GET_BULK else [responder.rule(request)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("recording", parameters())
@pytest.mark.parametrize(
    ("versions", "answer", "profile"),
    [((1,), None, AgentProfile()), ((0,), None, AgentProfile(version="1")), ((1,), without_bulk, AgentProfile(bulk=False))],
    ids=["SNMPv2c", "SNMPv1", "without GETBULK"],
)
def test_nothing_is_lost_however_the_agent_is_asked(
    recording: Recording, versions: tuple[int, ...], answer: Answer | None, profile: AgentProfile
) -> None:
    async def main() -> tuple[Reading, Reading]:
        async with responding(recording.objects(), answer, versions=versions) as responder, SnmpClient() as client:
            session = client.session(
                Agent(ADDRESS, responder.port), profile=AgentProfile(version=profile.version, bulk=profile.bulk)
            )
            asked = await read_device(session, taken_at=TAKEN_AT)
        return asked, await read_device(Replayed(recording.objects(), ADDRESS), taken_at=TAKEN_AT)

    asked, replayed = asyncio.run(main())
    assert asked == replayed
