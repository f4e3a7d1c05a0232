"""Devices of which something could not be read: the rest is there, and what is missing has a true reason."""

import asyncio
from collections.abc import Collection

import pytest

from appliance.reading.build import WHOLE, build_reading
from appliance.reading.device import PollResult, poll_device, visit_device
from appliance.reading.missing import Missing
from appliance.reading.sources import objects as mib
from appliance.report import Reading
from appliance.snmp.client import Agent, AgentProfile, SnmpClient, SnmpOptions
from appliance.snmp.values import Objects, Oid, Tag, Value, parse_oid
from tests.appliance.reading.printer import TAKEN_AT
from tests.appliance.reading.test_polling import PRINTER
from tests.appliance.snmp.responder import Answer, responding
from tests.appliance.snmp.test_faults import emptied, failing

FAST = SnmpOptions(timeout=0.5, retries=1, budget=20.0)
SERIAL = mib.PRT_GENERAL_SERIAL_NUMBER.instance(1)
LOCATION = mib.SYS_LOCATION.instance(0)
TOTAL = mib.PRT_MARKER_LIFE_COUNT.instance(1, 1)
LEVEL = mib.PRT_MARKER_SUPPLIES_LEVEL.instance(1, 1)
EVENTS = mib.PRT_ALERT_ALL_EVENTS.instance(1)
FOLLOW_UP = {mib.IF_PHYS_ADDRESS.instance(1): PRINTER[LOCATION]._replace(content=bytes.fromhex("001122334455"))}


def visited(answer: Answer | None, visits: int = 1) -> tuple[PollResult, PollResult | None, int]:
    """Return what the last of so many visits brings, what the poll after it brings, and how many requests that took."""

    async def main() -> tuple[PollResult, PollResult | None, int]:
        async with responding(PRINTER | FOLLOW_UP, answer) as responder, SnmpClient(FAST) as client:
            learned = AgentProfile()
            agent = Agent("127.0.0.1", responder.port)
            for _ in range(visits):
                first = await visit_device(client.session(agent, profile=learned), taken_at=TAKEN_AT)
            before = len(responder.asked)
            assert first.snapshot is not None
            polled = await poll_device(client.session(agent, profile=learned), first.snapshot, taken_at=TAKEN_AT)
            return first, polled, len(responder.asked) - before

    return asyncio.run(main())


def without(reading: Reading, *paths: str) -> dict[str, object]:
    """Return what a reading says beside what `paths` are about."""
    said = reading.model_dump(mode="json", exclude={"reasons", "sources"})
    for path in (*paths, "device.key"):
        section, _, name = path.partition(".")
        said[section].pop(name, None) if isinstance(said[section], dict) else said.pop(section)
    return said


CASES: list[tuple[Collection[Oid], str]] = [
    ([SERIAL], "device.serial"),
    ([LOCATION], "device.location"),
    ([TOTAL], "meters.total"),
    ([LEVEL], "supplies.1.level"),
]


@pytest.mark.parametrize("named", [True, False], ids=["named", "index 0"])
@pytest.mark.parametrize(("at_fault", "path"), CASES, ids=[path for _, path in CASES])
def test_what_an_agent_refuses_costs_nothing_but_itself(at_fault: Collection[Oid], path: str, named: bool) -> None:
    whole, usual_poll, usual_requests = visited(None)
    assert usual_poll is not None
    # Where the agent does not say what is at fault, a cell of a table may take more than one visit to be found.
    result, polled, requests = visited(failing(at_fault, 5, named=named), visits=1 if named else 3)
    assert without(result.reading, path) == without(whole.reading, path)
    assert result.reading.device.mac == "00:11:22:33:44:55"
    assert result.reading.reasons[path] == "not read"
    assert "reading" not in result.reading.reasons
    assert polled is not None, "the next poll is enough"
    assert requests <= usual_requests + 1


@pytest.mark.parametrize(("at_fault", "path"), CASES, ids=[path for _, path in CASES])
def test_a_number_without_content_is_null_and_not_decodable(at_fault: Collection[Oid], path: str) -> None:
    whole = visited(None)[0].reading
    result, polled, _ = visited(emptied(at_fault, Tag.INTEGER, alone=True))
    assert without(result.reading, path) == without(whole, path)
    assert result.reading.reasons[path] == "not decodable"
    assert polled is not None


def test_where_a_counter_of_one_of_several_markers_is_refused_there_is_no_total() -> None:
    second = {mib.PRT_MARKER_LIFE_COUNT.instance(1, 2): PRINTER[TOTAL]._replace(content=50)}

    async def main() -> Reading:
        async with responding(PRINTER | second, failing([TOTAL], 5, named=True)) as responder, SnmpClient(FAST) as client:
            session = client.session(Agent("127.0.0.1", responder.port))
            return (await visit_device(session, taken_at=TAKEN_AT)).reading

    reading = asyncio.run(main())
    assert "total" not in reading.meters
    assert reading.reasons["meters.total"] == "not read"


def test_what_a_device_did_not_say_because_it_stopped_answering_is_not_read() -> None:
    async def main() -> PollResult:
        def dies(responder: object, request: object) -> list[bytes]:
            return [agent.rule(request)] if len(agent.asked) < 2 else []  # type: ignore[arg-type]

        async with responding(PRINTER, dies) as agent, SnmpClient(SnmpOptions(timeout=0.1, retries=0, budget=2)) as client:
            return await visit_device(client.session(Agent("127.0.0.1", agent.port)), taken_at=TAKEN_AT)

    result = asyncio.run(main())
    assert result.snapshot is None
    assert result.reading.reasons["reading"] == "it stopped answering"
    assert result.reading.reasons["device.location"] == "not read"
    assert result.reading.reasons["meters.total"] == "not read"


# What stands in for something that was not read

KYOCERA_TOTAL = parse_oid("1.3.6.1.4.1.1347.43.10.1.1.12.1.1")
KYOCERA = {
    mib.SYS_OBJECT_ID.instance(0): Value(Tag.OBJECT_IDENTIFIER, parse_oid("1.3.6.1.4.1.1347.41")),
    mib.SYS_DESCR.instance(0): Value(Tag.OCTET_STRING, b"KYOCERA Document Solutions Printing System"),
    mib.PRT_MARKER_LIFE_COUNT.instance(1, 1): Value(Tag.COUNTER32, 5200),
    mib.PRT_MARKER_COUNTER_UNIT.instance(1, 1): Value(Tag.INTEGER, 7),
}


def built(objects: Objects, missing: Missing = WHOLE) -> Reading:
    return build_reading(objects, "192.0.2.9", taken_at=TAKEN_AT, missing=missing)


def test_a_standard_counter_is_no_total_where_the_vendors_own_was_not_read() -> None:
    whole = built(KYOCERA | {KYOCERA_TOTAL: Value(Tag.COUNTER32, 5000)})
    assert (whole.meters["total"].value, whole.meters["marker_total"].value) == (5000, 5200)
    for missing in (Missing("it stopped answering"), Missing(unread=frozenset({KYOCERA_TOTAL}))):
        reading = built(KYOCERA, missing)
        assert (reading.meters.get("total"), reading.reasons["meters.total"]) == (None, "not read")
        assert reading.meters["marker_total"].value == 5200
    # A device that has no such counter has only the standard one.
    assert built(KYOCERA).meters["total"].value == 5200


def test_a_firmware_from_a_free_text_is_none_where_the_vendors_own_object_was_not_read() -> None:
    ricoh = {
        mib.SYS_OBJECT_ID.instance(0): Value(Tag.OBJECT_IDENTIFIER, parse_oid("1.3.6.1.4.1.367.1.1")),
        mib.SYS_DESCR.instance(0): Value(Tag.OCTET_STRING, b"RICOH MP C2503 1.35 / RICOH Network Printer C model"),
    }
    assert built(ricoh).device.firmware == "1.35"
    stopped = built(ricoh, Missing("it stopped answering"))
    assert (stopped.device.firmware, stopped.reasons["device.firmware"]) == (None, "not read")
    assert "device.firmware" not in stopped.sources


def test_a_text_in_a_character_set_that_was_not_read_is_none() -> None:
    panel = {mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT.instance(1, 1): Value(Tag.OCTET_STRING, "Tryb uśpienia".encode("iso8859-2"))}
    charset = {
        mib.PRT_GENERAL_CURRENT_LOCALIZATION.instance(1): Value(Tag.INTEGER, 1),
        mib.PRT_LOCALIZATION_CHARACTER_SET.instance(1, 1): Value(Tag.INTEGER, 5),
    }
    stopped = Missing("it stopped answering")
    assert built(panel | charset).status.console == ("Tryb uśpienia",)
    assert built(panel | charset, stopped).status.console == ("Tryb uśpienia",)
    assert built(panel, stopped).status.console == ()
    unicode = {oid: value._replace(content="Tür zu".encode()) for oid, value in panel.items()}
    assert built(unicode, stopped).status.console == ("Tür zu",)
    # A device that names no character set is read as well as can be.
    assert built(panel).status.console == ("Tryb u¶pienia",)


def test_what_a_private_object_tells_has_a_reason_where_that_object_alone_could_not_be_read() -> None:
    panel = parse_oid("1.3.6.1.4.1.1347.43.18.2.1.2.1.1")
    prints = parse_oid("1.3.6.1.4.1.1347.42.3.1.1.1.1.1")
    refused = Missing(unread=frozenset({panel, prints}))
    reasons = built(KYOCERA, refused).reasons
    assert (reasons["status.console"], reasons["meters.print_total"]) == ("not read", "not read")
    assert (
        "status.console"
        not in built(KYOCERA | {panel: Value(Tag.OCTET_STRING, b"Ready")}, Missing(unread=frozenset({prints}))).reasons
    )
    assert not {"status.console", "meters.print_total"} & built(KYOCERA).reasons.keys()
    assert not {"status.console", "meters.print_total"} & built(KYOCERA, Missing("it stopped answering")).reasons.keys()
    columns = Missing(unread=frozenset({mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT.oid}))
    assert built(KYOCERA, columns).reasons["status.console"] == "not read"


def test_a_maker_by_number_alone_is_none_where_the_text_that_names_the_seller_was_not_read() -> None:
    objects = {oid: value for oid, value in KYOCERA.items() if oid != mib.SYS_DESCR.instance(0)}
    assert built(objects).device.manufacturer == "Kyocera"
    device = built(objects, Missing(unread=frozenset({mib.SYS_DESCR.instance(0)})))
    assert (device.device.manufacturer, device.reasons["device.manufacturer"]) == (None, "not read")


def test_a_simpler_counter_of_the_vendor_is_no_total_where_the_one_on_the_bill_was_not_read() -> None:
    simple, table = parse_oid("1.3.6.1.4.1.367.3.2.1.2.19.1.0"), parse_oid("1.3.6.1.4.1.367.3.2.1.2.19.5.1")
    ricoh = {
        mib.SYS_OBJECT_ID.instance(0): Value(Tag.OBJECT_IDENTIFIER, parse_oid("1.3.6.1.4.1.367.1.1")),
        mib.SYS_DESCR.instance(0): Value(Tag.OCTET_STRING, b"RICOH MP C2503 1.35 / RICOH Network Printer C model"),
        simple: Value(Tag.COUNTER32, 90001),
    }
    row = {(*table, 2, 1): Value(Tag.INTEGER, 10), (*table, 9, 1): Value(Tag.COUNTER32, 90000)}
    stopped = Missing("it stopped answering")
    assert built(ricoh | row).meters["total"].value == 90000
    assert built(ricoh | row, stopped).meters["total"].value == 90000
    assert built(ricoh).meters["total"].value == 90001
    reading = built(ricoh, stopped)
    assert (dict(reading.meters), reading.reasons["meters.total"]) == ({}, "not read")
