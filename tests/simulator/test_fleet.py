"""The generated printers: 13 different ones, in the states the demo wants to show, and as they say themselves over SNMP."""

import json
import time
from typing import Any

import pytest

from tests.children import run_child, wait_until
from tests.conftest import RunningSimulator, StartSimulator
from tests.simulator import net_snmp

SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
LIFE_COUNT = "1.3.6.1.2.1.43.10.2.1.4.1"
SUPPLY = "1.3.6.1.2.1.43.11.1.1"
COLORANT_VALUE = "1.3.6.1.2.1.43.12.1.1.4.1"
ALERT = "1.3.6.1.2.1.43.18.1.1"
ERROR_STATE = "1.3.6.1.2.1.25.3.5.1.2.1"


def version_of(printer: Any) -> str:
    """Return a version the printer speaks."""
    return str(printer["snmp"]["versions"][-1])


def column(simulator: RunningSimulator, printer: Any, oid: str) -> list[net_snmp.Object]:
    """Return the rows of a column."""
    answer = net_snmp.ask("snmpwalk", printer["address"], simulator.port, oid, version=version_of(printer))
    return [one for one in net_snmp.objects(answer) if one.oid.startswith(f"{oid}.")]


def test_the_printers_are_different_and_of_many_makers(simulator: RunningSimulator) -> None:
    printers = simulator.printers
    assert len(printers) == 13
    for item in ("serial", "mac", "model", "hostname", "firmware"):
        assert len({printer["device"][item] for printer in printers}) == 13, item
    assert len({printer["device"]["manufacturer"] for printer in printers}) >= 7
    assert {printer["device"]["color"] for printer in printers} == {True, False}
    assert {supply["type"] for printer in printers for supply in printer["supplies"]} >= {
        "toner",
        "inkCartridge",
        "inkRibbon",
        "opc",
    }


@pytest.mark.parametrize(
    ("name", "printer_status", "device_status", "octets"),
    [
        ("brother", 1, 2, "00 00"),  # asleep: other(1) and running
        ("lexmark", 1, 5, "05 00"),  # jammed and serviceRequested
        ("kyocera", 3, 3, "20 00"),  # lowToner
        ("epson", 1, 5, "10 00"),  # noToner
        ("oki", 1, 5, "08 00"),  # doorOpen
        ("xerox", 3, 3, "80 00"),  # lowPaper
        ("canon", 4, 2, "00 00"),
        ("konica", 5, 2, "00 00"),
    ],
)
def test_a_printer_tells_its_state(
    simulator: RunningSimulator, name: str, printer_status: int, device_status: int, octets: str
) -> None:
    answer = net_snmp.get(
        simulator.address(name), simulator.port, "1.3.6.1.2.1.25.3.5.1.1.1", "1.3.6.1.2.1.25.3.2.1.5.1", ERROR_STATE
    )
    assert [answer[0].number, answer[1].number, answer[2].value] == [printer_status, device_status, octets]


def test_identity_and_supplies_over_snmp_are_the_ground_truth(simulator: RunningSimulator) -> None:
    for printer in simulator.printers:
        device = printer["device"]
        serial, description, firmware = net_snmp.get(
            printer["address"],
            simulator.port,
            "1.3.6.1.2.1.43.5.1.1.17.1",
            "1.3.6.1.2.1.25.3.2.1.3.1",
            "1.3.6.1.2.1.47.1.1.1.1.9.1",
            version=version_of(printer),
        )
        assert (serial.text, description.text, firmware.text) == (device["serial"], device["description"], device["firmware"])
        levels = [one.number for one in column(simulator, printer, f"{SUPPLY}.9.1")]
        assert levels == [supply["level"] for supply in printer["supplies"]]
        colors = [one.text for one in column(simulator, printer, COLORANT_VALUE)]
        indexes = [one.number for one in column(simulator, printer, f"{SUPPLY}.3.1")]
        assert [colors[index - 1] if index else None for index in indexes] == [supply["color"] for supply in printer["supplies"]]


def test_the_mac_address_is_that_of_the_interface_that_owns_the_address(simulator: RunningSimulator) -> None:
    for printer in simulator.printers:
        owner = f"1.3.6.1.2.1.4.20.1.2.{printer['address']}"
        index = net_snmp.get(printer["address"], simulator.port, owner, version=version_of(printer))[0].number
        mac = net_snmp.get(printer["address"], simulator.port, f"1.3.6.1.2.1.2.2.1.6.{index}", version=version_of(printer))[0]
        assert mac.value.lower().replace(" ", ":") == printer["device"]["mac"]


def test_alerts_are_in_the_table(simulator: RunningSimulator) -> None:
    jammed = simulator.printer("lexmark")
    row = {number: column(simulator, jammed, f"{ALERT}.{number}.1")[0] for number in (2, 4, 7, 8)}
    assert [row[2].number, row[4].number, row[7].number] == [3, 13, 8]  # critical, mediaPath, jam
    assert row[8].text == jammed["alerts"][0]["description"]


def test_texts_are_in_the_character_set_the_printer_names(simulator: RunningSimulator) -> None:
    charset, location = net_snmp.get(simulator.address("ricoh"), simulator.port, "1.3.6.1.2.1.43.7.1.1.4.1.1", "1.3.6.1.2.1.1.6.0")
    assert charset.number == 4
    assert bytes.fromhex(location.value).decode("latin-1") == "Genève, bâtiment B, étage 2"


def test_printers_tell_things_nobody_should_ask(simulator: RunningSimulator) -> None:
    for oid in simulator.never_ask:
        assert column(simulator, simulator.printers[0], oid), oid


def test_meters_rise_supplies_fall_and_uptime_runs(start_simulator: StartSimulator) -> None:
    # Twenty thousand pages in a second at speed 1.0: a toner of a hundred per cent loses its first one in a moment.
    simulator = start_simulator("--advance", "0.00005")
    printer = simulator.printer("hp-color")
    address, port = printer["address"], simulator.port
    ticks = net_snmp.number(address, port, SYS_UP_TIME)
    meter = net_snmp.number(address, port, f"{LIFE_COUNT}.1")
    level = net_snmp.number(address, port, f"{SUPPLY}.9.1.1")
    assert meter >= printer["meters"]["total"]["value"]
    wait_until("the meter rises", lambda: net_snmp.number(address, port, f"{LIFE_COUNT}.1") > meter)
    wait_until("the toner falls", lambda: 1 <= net_snmp.number(address, port, f"{SUPPLY}.9.1.1") < max(level, 2))
    wait_until("the uptime runs", lambda: net_snmp.number(address, port, SYS_UP_TIME) > ticks)


@pytest.mark.parametrize("name", ["brother", "lexmark", "epson", "oki"])
def test_a_printer_that_cannot_print_does_not_count(start_simulator: StartSimulator, name: str) -> None:
    simulator = start_simulator("--advance", "0.0001")
    other = simulator.address("hp-color")
    before = net_snmp.number(other, simulator.port, f"{LIFE_COUNT}.1")
    wait_until("others count", lambda: net_snmp.number(other, simulator.port, f"{LIFE_COUNT}.1") > before)
    still = simulator.printer(name)
    assert net_snmp.number(still["address"], simulator.port, f"{LIFE_COUNT}.1") == still["meters"]["total"]["value"]


def truth(*words: str) -> Any:
    finished = run_child(["python", "-m", "simulator", "truth", *words])
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def test_the_ground_truth_is_the_same_again_and_moves_with_time() -> None:
    first = truth("--at", "1000", "--seed", "3")
    assert truth("--at", "1000", "--seed", "3") == first
    later = truth("--at", "2000", "--seed", "3")
    for before, after in zip(first["printers"], later["printers"], strict=True):
        moves = after["meters"]["total"]["value"] - before["meters"]["total"]["value"]
        assert (moves > 0) == (before["status"]["device"] != "down" and before["status"]["printer"] != "sleeping")
    canon = next(printer for printer in later["printers"] if "canon" in printer["name"])["meters"]
    assert canon["total"]["value"] == canon["total_mono"]["value"] + canon["total_color"]["value"]


def test_a_large_fleet_answers_at_every_address_with_serials_of_its_own(start_simulator: StartSimulator) -> None:
    simulator = start_simulator("--fleet", "600", "--base", "127.0.60.1")
    assert len(set(simulator.addresses)) == 600
    assert not [address for address in simulator.addresses if address.endswith((".0", ".255"))]
    assert len({printer["device"]["serial"] for printer in simulator.printers}) == 600
    assert len({printer["device"]["mac"] for printer in simulator.printers}) == 600
    for printer in simulator.printers[::97]:
        serial = net_snmp.get(printer["address"], simulator.port, "1.3.6.1.2.1.43.5.1.1.17.1", version=version_of(printer))[0]
        assert serial.text == printer["device"]["serial"]


def test_uptime_is_that_of_the_truth(simulator: RunningSimulator) -> None:
    begin = time.monotonic()
    ticks = net_snmp.number(simulator.address("zebra"), simulator.port, SYS_UP_TIME)
    days = 130.7 * 8_640_000
    assert days <= ticks <= days + (time.monotonic() - begin + 30) * 100
