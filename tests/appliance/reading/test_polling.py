"""Polls: what is asked again, and when the whole device is; against an agent on a real socket whose objects change."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.device import PollResult, poll_device, visit_device
from appliance.reading.polling import FULL_AFTER, FULL_SPREAD_SECONDS, changing, is_due
from appliance.reading.snapshot import Snapshot
from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.snmp.client import Agent, AgentProfile, Session, SnmpClient, SnmpOptions
from appliance.snmp.values import Objects, Oid, Tag, Value
from tests.appliance.reading.printer import TAKEN_AT, Content, alert, objects, supply
from tests.appliance.snmp.responder import Responder, responding

P = "1.3.6.1.4.1"
LATER = TAKEN_AT + timedelta(minutes=30)
HP_ENGINE_TOTAL: Oid = (1, 3, 6, 1, 4, 1, 11, 2, 3, 9, 4, 2, 1, 4, 1, 2, 5, 0)
HP_DISPLAY: Oid = (1, 3, 6, 1, 4, 1, 11, 2, 3, 9, 1, 1, 3, 0)
PRINTER: dict[Oid, Value] = {
    HP_ENGINE_TOTAL: Value(Tag.INTEGER, 1200),
    **objects(
        {
            (mib.SYS_DESCR, "0"): "HP ETHERNET MULTI-ENVIRONMENT",
            (mib.SYS_OBJECT_ID, "0"): (1, 3, 6, 1, 4, 1, 11, 2, 3, 9, 1),
            (mib.SYS_UP_TIME, "0"): 500_000,
            (mib.SYS_LOCATION, "0"): "hall",
            (mib.HR_DEVICE_DESCR, "1"): "HP LaserJet M608",
            (mib.HR_DEVICE_STATUS, "1"): 2,
            (mib.HR_PRINTER_STATUS, "1"): 3,
            (mib.HR_PRINTER_DETECTED_ERROR_STATE, "1"): b"\0",
            (mib.PRT_GENERAL_CONFIG_CHANGES, "1"): 4,
            (mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "PHBQ9012345",
            (mib.PRT_ALERT_ALL_EVENTS, "1"): 7,
            (mib.PRT_MARKER_COUNTER_UNIT, "1.1"): 7,
            (mib.PRT_MARKER_LIFE_COUNT, "1.1"): 1000,
            (mib.PRT_MARKER_POWER_ON_COUNT, "1.1"): 10,
            (mib.PRT_INPUT_MAX_CAPACITY, "1.1"): 250,
            (mib.PRT_INPUT_CURRENT_LEVEL, "1.1"): 200,
            (mib.PRT_INPUT_NAME, "1.1"): "Tray 1",
            (mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT, "1.1"): "Ready",
            **supply("1.1", level=60, capacity=100, unit=19, kind=3, cls=3, text="Black Cartridge"),
            **supply("1.2", level=40, capacity=100, unit=19, kind=4, cls=4, text="Waste Container"),
            **alert("1.1", severity=4, group=11, group_index=1, location=1, code=1104, text="Toner low", time=400_000),
        }
    ),
}

FAST = SnmpOptions(timeout=0.3, retries=1, budget=10.0)


@dataclass
class Device:
    """A device that is visited again and again."""

    responder: Responder
    client: SnmpClient
    profile: AgentProfile = field(default_factory=AgentProfile)

    def change(self, cells: Mapping[tuple[MibObject, str], Content]) -> None:
        """Change some objects."""
        self.put(objects(cells))

    def put(self, changed: Objects) -> None:
        self.responder.objects = dict(sorted({**self.responder.objects, **changed}.items()))

    def remove(self, column: MibObject, index: str) -> None:
        del self.responder.objects[column.instance(*map(int, index.split(".")))]

    async def visit(self, at: datetime = TAKEN_AT) -> PollResult:
        return await visit_device(self._session(), taken_at=at)

    async def poll(self, before: PollResult | None, at: datetime = LATER) -> PollResult | None:
        assert before is not None
        assert before.snapshot is not None
        self.responder.asked.clear()
        return await poll_device(self._session(), before.snapshot, taken_at=at)

    def asked(self) -> int:
        """Return how many objects the last poll asked for."""
        return sum(len(request.oids) for request in self.responder.asked)

    def _session(self) -> Session:
        return self.client.session(Agent("127.0.0.1", self.responder.port), profile=self.profile)


@asynccontextmanager
async def device(shown: Objects = PRINTER, versions: tuple[int, ...] = (0, 1)) -> AsyncIterator[Device]:
    async with responding(shown, versions=versions) as responder, SnmpClient(FAST) as client:
        yield Device(responder, client)


def polled(
    cells: Mapping[tuple[MibObject, str], Content], versions: tuple[int, ...] = (0, 1)
) -> tuple[PollResult | None, PollResult, int]:
    """Read a device, change it, and return what a poll and what a full read makes of it, and how much the poll asked for."""

    async def main() -> tuple[PollResult | None, PollResult, int]:
        async with device(versions=versions) as printer:
            before = await printer.visit()
            printer.change(cells)
            now = await printer.poll(before)
            asked = printer.asked()
            return now, await printer.visit(LATER), asked

    return asyncio.run(main())


CHANGES: dict[str, Mapping[tuple[MibObject, str], Content]] = {
    "nothing": {},
    "a page was printed": {
        (mib.PRT_MARKER_LIFE_COUNT, "1.1"): 1001,
        (mib.PRT_MARKER_POWER_ON_COUNT, "1.1"): 11,
        (mib.PRT_MARKER_SUPPLIES_LEVEL, "1.1"): 59,
        (mib.PRT_INPUT_CURRENT_LEVEL, "1.1"): 199,
        (mib.SYS_UP_TIME, "0"): 680_000,
    },
    "the waste container filled up": {(mib.PRT_MARKER_SUPPLIES_LEVEL, "1.2"): 90},
    "an estimate wavers": {(mib.PRT_MARKER_SUPPLIES_LEVEL, "1.1"): 62},
    "it prints": {(mib.HR_PRINTER_STATUS, "1"): 4, (mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT, "1.1"): "Processing"},
    "the panel shows one line more": {(mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT, "1.2"): "Sleep"},
    "an alert more, and counted": {
        (mib.PRT_ALERT_ALL_EVENTS, "1"): 8,
        **alert("1.2", severity=3, group=8, group_index=1, location=1, code=8, text="Paper jam", time=600_000),
    },
    "an alert more, not counted, but the state tells": {
        (mib.HR_PRINTER_DETECTED_ERROR_STATE, "1"): b"\x04",
        **alert("1.2", severity=3, group=8, group_index=1, location=1, code=8, text="Paper jam", time=600_000),
    },
}


@pytest.mark.parametrize("versions", [(0, 1), (0,)], ids=["SNMPv2c", "SNMPv1"])
@pytest.mark.parametrize("cells", CHANGES.values(), ids=CHANGES)
def test_a_poll_reads_what_a_full_read_reads(cells: Mapping[tuple[MibObject, str], Content], versions: tuple[int, ...]) -> None:
    now, whole, _ = polled(cells, versions)
    assert now is not None
    assert now.reading == whole.reading


def test_a_poll_asks_for_about_what_changes() -> None:
    now, _, asked = polled({})
    assert now is not None
    assert asked <= 14


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({(mib.SYS_UP_TIME, "0"): 100}, "it was restarted"),
        ({(mib.PRT_GENERAL_CONFIG_CHANGES, "1"): 5}, "its configuration was changed"),
        ({(mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "PHBQ9099999"}, "it is another device"),
        ({(mib.PRT_MARKER_SUPPLIES_LEVEL, "1.1"): 100}, "a supply was replaced"),
    ],
)
def test_the_whole_device_is_read_when_a_poll_is_not_enough(cells: Mapping[tuple[MibObject, str], Content], why: str) -> None:
    now, _, _ = polled(cells)
    assert now is None, why


def test_an_up_time_that_starts_anew_after_497_days_is_no_restart() -> None:
    async def main() -> PollResult | None:
        async with device() as printer:
            printer.change({(mib.SYS_UP_TIME, "0"): Value(Tag.TIME_TICKS, 2**32 - 1000)})
            before = await printer.visit()
            printer.change({(mib.SYS_UP_TIME, "0"): 180_000})
            return await printer.poll(before)

    assert asyncio.run(main()) is not None


@pytest.mark.parametrize(
    "gone", [(mib.HR_PRINTER_STATUS, "1"), (mib.PRT_MARKER_SUPPLIES_LEVEL, "1.2"), (mib.PRT_MARKER_LIFE_COUNT, "1.1")]
)
def test_an_object_that_is_gone_has_the_whole_device_read(gone: tuple[MibObject, str]) -> None:
    async def main() -> PollResult | None:
        async with device() as printer:
            before = await printer.visit()
            printer.remove(*gone)
            return await printer.poll(before)

    assert asyncio.run(main()) is None


def test_alerts_are_not_asked_for_while_the_counter_stands_still() -> None:
    async def main() -> tuple[bool, bool]:
        async with device() as printer:
            before = await printer.visit()
            still = await printer.poll(before)
            without = any(oid[: len(column.oid)] == column.oid for oid in _oids(printer) for column in mib.ALERT_COLUMNS)
            printer.change({(mib.PRT_ALERT_ALL_EVENTS, "1"): 8})
            await printer.poll(still)
            return without, any(oid[: len(column.oid)] == column.oid for oid in _oids(printer) for column in mib.ALERT_COLUMNS)

    assert asyncio.run(main()) == (False, True)


def test_a_counter_that_does_not_count_is_not_believed_again() -> None:
    jam = {
        (mib.HR_PRINTER_DETECTED_ERROR_STATE, "1"): b"\x04",
        **alert("1.2", severity=3, group=8, group_index=1, location=1, code=8, text="Paper jam", time=600_000),
    }

    async def main() -> tuple[PollResult | None, PollResult]:
        async with device() as printer:
            before = await printer.visit()
            printer.change(jam)
            noticed = await printer.poll(before)
            # Another alert, and nothing else tells of it.
            printer.change(alert("1.3", severity=4, group=8, group_index=2, location=2, code=8, text="Tray 2 open", time=610_000))
            return await printer.poll(noticed), await printer.visit(LATER)

    now, whole = asyncio.run(main())
    assert now is not None
    assert now.reading.alerts == whole.reading.alerts
    assert len(now.reading.alerts) == 3


def test_a_printer_without_the_counter_has_its_alerts_read_each_time() -> None:
    without = {oid: value for oid, value in PRINTER.items() if oid[:-1] != mib.PRT_ALERT_ALL_EVENTS.oid}

    async def main() -> tuple[PollResult | None, PollResult]:
        async with device(without) as printer:
            before = await printer.visit()
            printer.change(alert("1.2", severity=4, group=8, group_index=2, location=2, code=8, text="Tray 2 open", time=610_000))
            return await printer.poll(before), await printer.visit(LATER)

    now, whole = asyncio.run(main())
    assert now is not None
    assert now.reading.alerts == whole.reading.alerts


def test_private_meters_are_polled() -> None:
    async def main() -> PollResult | None:
        async with device() as printer:
            before = await printer.visit()
            printer.put({HP_ENGINE_TOTAL: Value(2, 1201)})
            return await printer.poll(before)

    now = asyncio.run(main())
    assert now is not None
    assert now.reading.meters["engine_total"].value == 1201


def test_what_is_kept_on_the_disk_holds_nothing_the_panel_or_alerts_said_and_a_poll_reads_it_anew() -> None:
    spoken = {HP_DISPLAY: Value(4, b"Job of Anna")}
    shown = {
        oid: value
        for oid, value in PRINTER.items()
        if oid[: len(mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT.oid)] != mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT.oid
    }

    async def main() -> tuple[Snapshot, PollResult | None, PollResult]:
        async with device({**shown, **spoken}) as printer:
            before = await printer.visit()
            assert before.reading.status.console == ("Job of Anna",)
            assert before.snapshot is not None
            kept = before.snapshot.unspoken(changing(before.snapshot.objects(), builtin_definitions()).spoken)
            now = await printer.poll(PollResult(before.reading, kept))
            return kept, now, await printer.visit(LATER)

    kept, now, whole = asyncio.run(main())
    contents = [value.content for value in kept.objects().values()]
    assert not any(isinstance(content, bytes) and (b"Anna" in content or b"Toner low" in content) for content in contents)
    assert now is not None
    assert now.reading == whole.reading


def test_a_device_is_read_in_full_once_a_day_and_not_all_at_the_same_time() -> None:
    addresses = [f"192.0.2.{number}" for number in range(1, 200)]
    due = [
        sum(is_due(address, TAKEN_AT, TAKEN_AT + FULL_AFTER - timedelta(seconds=ago)) for address in addresses) for ago in (0, 3600)
    ]
    assert due[0] == len(addresses)
    assert 0 < due[1] < len(addresses)
    before = TAKEN_AT + FULL_AFTER - timedelta(seconds=FULL_SPREAD_SECONDS)
    assert not any(is_due(address, TAKEN_AT, before) for address in addresses)


def test_a_clock_that_was_set_back_has_the_device_read_in_full() -> None:
    assert is_due("192.0.2.1", TAKEN_AT, TAKEN_AT - timedelta(hours=1))


def _oids(printer: Device) -> list[Oid]:
    return [oid for request in printer.responder.asked for oid in request.oids]
