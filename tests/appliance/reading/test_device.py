"""What a device is asked for and in which order, against a simulated agent over a real socket."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from appliance.common.errors import NoAnswerError
from appliance.reading.device import read_device
from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.report import Reading
from appliance.snmp.client import Agent, SnmpClient, SnmpOptions
from appliance.snmp.values import Tag, format_oid
from tests.appliance.reading.printer import TAKEN_AT, Content, objects, supply
from tests.conftest import RunningSimulator, StartSimulator

Cells = Mapping[tuple[MibObject, str], Content]
Ask = Callable[[Cells], Reading]
BASE = "127.84.1.1"


def recorded(cells: Cells, file: Path) -> Path:
    """Write a device with these objects as a recording."""
    lines = []
    for oid, value in sorted(objects(cells).items()):
        if isinstance(value.content, bytes):
            lines.append(f"{format_oid(oid)}|{value.tag}x|{value.content.hex()}")
        elif value.tag == Tag.OBJECT_IDENTIFIER:
            assert isinstance(value.content, tuple)
            lines.append(f"{format_oid(oid)}|{value.tag}|{format_oid(value.content)}")
        else:
            lines.append(f"{format_oid(oid)}|{value.tag}|{value.content}")
    file.write_text("\n".join(lines) + "\n")
    return file


async def read(simulator: RunningSimulator, options: SnmpOptions | None = None) -> Reading:
    async with SnmpClient(options) as client:
        session = client.session(Agent(simulator.addresses[0], simulator.port))
        return await read_device(session, taken_at=TAKEN_AT)


@pytest.fixture
def ask(start_simulator: StartSimulator, tmp_path: Path) -> Ask:
    """Return a function that serves a device with some objects and reads it."""

    def serve(cells: Cells) -> Reading:
        simulator = start_simulator("--recordings", recorded(cells, tmp_path / "device.snmprec"), "--base", BASE)
        return asyncio.run(read(simulator))

    return serve


def test_a_printer_at_another_device_index_is_read_in_full(ask: Ask) -> None:
    reading = ask(
        {
            (mib.HR_DEVICE_TYPE, "1"): (1, 3, 6, 1, 2, 1, 25, 3, 1, 3),
            (mib.HR_DEVICE_TYPE, "5"): mib.HR_DEVICE_PRINTER,
            (mib.HR_DEVICE_DESCR, "1"): "Processor",
            (mib.HR_DEVICE_DESCR, "5"): "Sharp MX-3570N",
            (mib.HR_PRINTER_STATUS, "5"): 3,
            (mib.PRT_GENERAL_SERIAL_NUMBER, "5"): "6509415X00",
            (mib.PRT_MARKER_LIFE_COUNT, "5.1"): 121104,
            (mib.PRT_MARKER_COUNTER_UNIT, "5.1"): 7,
            **supply("5.1", level=55, capacity=100),
        }
    )
    assert (reading.device.serial, reading.device.model) == ("6509415X00", "MX-3570N")
    assert reading.status.printer == "idle"
    assert reading.meters["total"].source == "prtMarkerLifeCount.5.1"
    assert [each.percent for each in reading.supplies] == [55]


@pytest.mark.parametrize(
    ("general", "marker", "supplies"), [("1", "1.1", "0"), ("1", "1.1", "2"), ("0", "1.1", "1"), ("1", "2.1", "2")]
)
def test_tables_under_different_indexes_are_one_printer(ask: Ask, general: str, marker: str, supplies: str) -> None:
    reading = ask(
        {
            (mib.HR_DEVICE_DESCR, "1"): "Sharp MX-3570N",
            (mib.PRT_GENERAL_SERIAL_NUMBER, general): "6509415X00",
            (mib.PRT_MARKER_LIFE_COUNT, marker): 121104,
            (mib.PRT_MARKER_COUNTER_UNIT, marker): 7,
            **supply(f"{supplies}.1", level=55, capacity=100),
            **supply(f"{supplies}.2", level=44, capacity=100),
        }
    )
    assert reading.device.serial == "6509415X00"
    assert reading.meters["total"].value == 121104
    assert [each.percent for each in reading.supplies] == [55, 44]


@pytest.mark.parametrize(
    "second", [{(mib.PRT_GENERAL_SERIAL_NUMBER, "2"): "OTHER77"}, {(mib.HR_DEVICE_TYPE, "2"): mib.HR_DEVICE_PRINTER}]
)
def test_what_belongs_to_another_printer_of_a_print_server_is_not_mixed_in(ask: Ask, second: Cells) -> None:
    reading = ask(
        {
            (mib.HR_DEVICE_TYPE, "1"): mib.HR_DEVICE_PRINTER,
            (mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "6509415X00",
            (mib.PRT_MARKER_LIFE_COUNT, "1.1"): 121104,
            **supply("2.1", level=55, capacity=100),
            **second,
        }
    )
    of_the_first = reading.device.serial == "6509415X00"
    assert ("total" in reading.meters) == of_the_first
    assert bool(reading.supplies) != of_the_first


def test_a_printer_at_another_index_without_supplies_is_found_in_the_device_table(ask: Ask) -> None:
    reading = ask({(mib.HR_DEVICE_TYPE, "3"): mib.HR_DEVICE_PRINTER, (mib.PRT_GENERAL_SERIAL_NUMBER, "3"): "A1B2"})
    assert reading.device.serial == "A1B2"


def test_a_second_marker_is_read_with_its_colorants(ask: Ask) -> None:
    reading = ask(
        {
            (mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "A1B2",
            (mib.PRT_MARKER_LIFE_COUNT, "1.1"): 700,
            (mib.PRT_MARKER_LIFE_COUNT, "1.2"): 300,
            (mib.PRT_MARKER_COUNTER_UNIT, "1.1"): 7,
            (mib.PRT_MARKER_COUNTER_UNIT, "1.2"): 7,
            (mib.PRT_MARKER_PROCESS_COLORANTS, "1.1"): 1,
            (mib.PRT_MARKER_PROCESS_COLORANTS, "1.2"): 4,
        }
    )
    assert {name: meter.value for name, meter in reading.meters.items()} == {"total": 1000, "total_mono": 700, "total_color": 300}


def test_a_marker_whose_index_is_not_1_is_found(ask: Ask) -> None:
    reading = ask({(mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "A1B2", (mib.PRT_MARKER_LIFE_COUNT, "1.7"): 700})
    assert reading.meters["total"].source == "prtMarkerLifeCount.1.7"


def test_the_interface_that_owns_the_address_is_asked_for(ask: Ask) -> None:
    reading = ask(
        {
            (mib.IP_AD_ENT_IF_INDEX, BASE): 2,
            (mib.IF_PHYS_ADDRESS, "1"): bytes.fromhex("14cb19952ea0"),
            (mib.IF_PHYS_ADDRESS, "2"): bytes.fromhex("5cfb3a0d7df0"),
        }
    )
    assert reading.device.mac == "5c:fb:3a:0d:7d:f0"


def test_types_and_states_are_asked_only_where_the_interface_is_open(ask: Ask) -> None:
    reading = ask(
        {
            (mib.IF_PHYS_ADDRESS, "1"): bytes.fromhex("14cb19952ea0"),
            (mib.IF_PHYS_ADDRESS, "2"): bytes.fromhex("5cfb3a0d7df0"),
            (mib.IF_OPER_STATUS, "1"): 2,
            (mib.IF_OPER_STATUS, "2"): 1,
        }
    )
    assert reading.device.mac == "5c:fb:3a:0d:7d:f0"


def test_the_character_set_of_another_localization_is_asked_for(ask: Ask) -> None:
    reading = ask(
        {
            (mib.PRT_GENERAL_CURRENT_LOCALIZATION, "1"): 2,
            (mib.PRT_LOCALIZATION_CHARACTER_SET, "1.2"): 5,
            (mib.PRT_CONSOLE_DISPLAY_BUFFER_TEXT, "1.1"): b"Ma\xb3o toneru",
        }
    )
    assert reading.status.console == ("Mało toneru",)


def test_the_entity_mib_is_asked_where_the_serial_number_is_missing(ask: Ask) -> None:
    reading = ask({(mib.ENT_PHYSICAL_SERIAL_NUM, "1"): "A1B2", (mib.HR_PRINTER_STATUS, "1"): 3})
    assert reading.device.serial == "A1B2"


def test_trays_without_names_are_asked_for_their_descriptions(ask: Ask) -> None:
    reading = ask({(mib.PRT_INPUT_CURRENT_LEVEL, "1.1"): 250, (mib.PRT_INPUT_DESCRIPTION, "1.1"): "Cassette 1"})
    assert [tray.name for tray in reading.trays] == ["Cassette 1"]


def test_a_device_that_leaves_nothing_open_is_asked_once(start_simulator: StartSimulator, tmp_path: Path) -> None:
    cells: Cells = {
        (mib.HR_DEVICE_TYPE, "1"): mib.HR_DEVICE_PRINTER,
        (mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "A1B2",
        (mib.PRT_MARKER_LIFE_COUNT, "1.1"): 5,
    }
    simulator = start_simulator("--recordings", recorded(cells, tmp_path / "device.snmprec"), "--base", BASE)
    asyncio.run(read(simulator))
    (agent,) = simulator.stop().values()
    later = {format_oid(column.oid) for column in (mib.IF_TYPE, mib.ENT_PHYSICAL_SERIAL_NUM, mib.PRT_INPUT_DESCRIPTION)}
    assert [oid for oid in agent["asked"] if any(oid.startswith(column) for column in later)] == []


def test_an_address_where_nothing_answers_raises(start_simulator: StartSimulator, tmp_path: Path) -> None:
    file = recorded({(mib.SYS_NAME, "0"): "x"}, tmp_path / "device.snmprec")
    simulator = start_simulator("--recordings", file, "--base", BASE, "--community", "other")
    with pytest.raises(NoAnswerError, match=BASE):
        asyncio.run(read(simulator, SnmpOptions(timeout=0.05, retries=0)))


def test_a_reading_that_is_not_whole_says_so(start_simulator: StartSimulator, tmp_path: Path) -> None:
    cells: Cells = {(mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "A1B2", **supply("1.1", level=55, capacity=100)}
    file = recorded(cells, tmp_path / "device.snmprec")
    simulator = start_simulator("--recordings", file, "--base", BASE, "--delay", "300")
    reading = asyncio.run(read(simulator, SnmpOptions(budget=0.5)))
    assert reading.device.serial == "A1B2"
    assert "0.5 s" in reading.reasons["reading"]
