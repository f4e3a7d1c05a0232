"""A real IPP printer: ippeveprinter of CUPS, asked for its attributes."""

import asyncio
import shutil
from functools import partial
from pathlib import Path

import pytest

from appliance.common.clock import utc_now
from appliance.common.network.traffic import Traffic
from appliance.http.endpoints import Endpoint
from appliance.http.errors import HttpError
from appliance.http.ports import AllowedPorts
from appliance.http.questions import ask_ipp
from appliance.http.supplements import Supplements
from appliance.http.visit import HttpLimits, Visit
from appliance.reading.parts import Parts
from appliance.reading.without_snmp import reading_of_parts
from appliance.report import Reading
from tests.appliance.reading.test_supplement import reading
from tests.children import wait_until
from tests.conftest import FreePort, StartChild
from tests.requirement import missing


@pytest.fixture
def printer(start_child: StartChild, free_port: FreePort, tmp_path: Path) -> int:
    """Return the port of an ippeveprinter. It wants a D-Bus for its announcements, which are switched off: one of its own."""
    program, bus = shutil.which("ippeveprinter"), shutil.which("dbus-daemon")
    if program is None:
        missing("no ippeveprinter (Debian package cups-ipp-utils)")
    if bus is None:
        missing("no dbus-daemon, which ippeveprinter wants (Debian package dbus-daemon)")
    socket = tmp_path / "bus"
    start_child([bus, "--session", "--nofork", f"--address=unix:path={socket}"])
    wait_until("the bus is there", socket.exists)
    port = free_port()
    spool = str(tmp_path / "spool")
    options = ["-r", "off", "-n", "localhost", "-p", str(port), "-l", "Room 7", "-M", "Example", "-m", "P1000", "-d", spool]
    environment = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={socket}"}
    child = start_child([program, *options, "A printer"], environment=environment)
    wait_until("the printer answers", lambda: not child.running or asyncio.run(answers(port)))
    assert child.running, child.stderr
    return port


async def answers(port: int) -> bool:
    try:
        (await AllowedPorts([port]).dial("127.0.0.1", port, 1.0, Traffic())).close()
    except HttpError:
        return False
    return True


def test_its_attributes_become_parts_of_a_reading(printer: int) -> None:
    async def ask() -> Parts | None:
        async with Visit("127.0.0.1", AllowedPorts([printer]), HttpLimits(), Traffic()) as visit:
            return await ask_ipp(visit, printer)

    parts = asyncio.run(ask())
    assert parts is not None
    assert parts.device["model"] == "P1000"
    assert parts.device["description"] == "Example P1000"
    assert parts.device["location"] == "Room 7"
    assert parts.printer_status == "idle"
    assert [(row.description, row.type, row.color, row.percent) for row in parts.supplies] == [
        ("Toner Waste Tank", "wasteToner", None, 25.0),
        ("Black Toner", "toner", "black", 75.0),
    ]
    assert ("main", 250, 100) in [(tray.name, tray.capacity, tray.level) for tray in parts.trays]
    assert str(parts.misc["printer_uuid"]).startswith("urn:uuid:")


def test_it_completes_a_reading_that_has_no_supplies(printer: int) -> None:
    traffic = Traffic()

    async def complete() -> None:
        supplements = Supplements(ports=AllowedPorts([printer]), ipp_port=printer)
        after = await supplements.complete(reading(supplies=(), trays=()), traffic)
        assert {row.source for row in after.supplies} == {"IPP printer-supply"}
        assert after.trays

    asyncio.run(complete())
    assert traffic.bytes_received < 6000, "only what is asked for comes back"


def test_it_is_read_where_the_site_names_it(printer: int) -> None:
    """As ipp-usb serves one: at a port that is none of the list."""
    uri = f"ipp://localhost:{printer}/ipp/print"
    build = partial(reading_of_parts, address="127.0.0.1", place=uri, taken_at=utc_now())

    async def read() -> Reading | None:
        return await Supplements().read_named(uri, "127.0.0.1", Endpoint(printer, "/ipp/print"), build, Traffic())

    said = asyncio.run(read())
    assert said is not None
    assert said.device.key.startswith("address:ipp-")
    assert (said.device.ip, said.device.model, said.device.location) == ("127.0.0.1", "P1000", "Room 7")
    assert len(said.supplies) == 2
