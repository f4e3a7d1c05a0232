"""`dca capture` beside SNMP: documents and IPP answers, which replay as the device itself was read."""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from appliance.commands.capture import Captured, ask, scrubbed, write
from appliance.commands.recorded_device import read_recorded
from appliance.common.clock import utc_now
from appliance.common.errors import NoAnswerError
from appliance.common.network.traffic import Traffic
from appliance.http.ports import AllowedPorts
from appliance.http.recording import WebExchange, WebRecorder, WebRecording
from appliance.http.supplements import Supplements
from appliance.http.visit import HttpAnswer
from appliance.reading.device import read_device
from appliance.reading.sources import ipp
from appliance.reading.without_snmp import reading_of_parts
from appliance.report import Reading
from appliance.service.scans.options import ScanOptions
from appliance.settings.model import Settings
from appliance.snmp.client import SnmpClient
from tests.appliance.http.documents import INTEGER, NAME, OCTETS, TEXT, URI, attribute, ipp_answer
from tests.children import Finished, run_child
from tests.conftest import RunningSimulator, StartSimulator

WEB = ("--web-port", "631=0", "--web-port", "80=0", "--web-port", "443=0")
HP, XEROX, BROTHER = "hp-color", "xerox", "brother"


def options_at(simulator: RunningSimulator) -> ScanOptions:
    snmp = {"port": simulator.port, "timeout_seconds": 0.3, "retries": 0}
    return ScanOptions.from_settings(Settings.model_validate({"snmp": snmp}))


def recorder_at(simulator: RunningSimulator) -> WebRecorder:
    """Return what writes down; the ports of the simulator stand for those of printers."""
    secure = [simulator.web[443]] if 443 in simulator.web else []
    ports = AllowedPorts(simulator.web.values(), secure=secure)
    return WebRecorder(ports, {real: port for port, real in simulator.web.items()})


def supplements_of(simulator: RunningSimulator, recorder: WebRecorder) -> Supplements:
    web_ports = [simulator.web[port] for port in (80, 443) if port in simulator.web]
    return Supplements(ports=recorder.ports, ipp_port=simulator.web[631], web_ports=web_ports, visits=recorder.visit)


def capture(simulator: RunningSimulator, name: str, *, mask: bool = False) -> Captured:
    recorder, address = recorder_at(simulator), simulator.address(name)
    captured = asyncio.run(ask(address, options_at(simulator), recorder, supplements_of(simulator, recorder)))
    return scrubbed(captured, mask=mask, known=[address])


def live(simulator: RunningSimulator, name: str, *, snmp: bool) -> Reading:
    """Return the reading of the device itself."""

    async def read() -> Reading | None:
        address, options, recorder = simulator.address(name), options_at(simulator), recorder_at(simulator)
        supplements = supplements_of(simulator, recorder)
        if not snmp:
            build = partial(reading_of_parts, address=address, taken_at=utc_now())
            return await supplements.read(address, build, Traffic())
        async with SnmpClient(options.snmp) as client:
            session = client.session(options.credentials[0].agent(address, options.port))
            return await supplements.complete(await read_device(session, taken_at=utc_now()), Traffic())

    reading = asyncio.run(read())
    assert reading is not None
    return reading


def facts(reading: Reading) -> dict[str, Any]:
    """Return what does not depend on the moment or on the address."""
    told = reading.model_dump(mode="json", by_alias=True, exclude={"taken_at", "misc"})
    told["device"].pop("ip")
    told["device"].pop("key")
    for alert in told["alerts"]:
        alert.pop("since")
    return dict(told)


@pytest.mark.parametrize("name", [HP, XEROX, "canon", "4050"])
def test_a_device_replays_with_what_it_says_over_snmp_ipp_and_in_documents(
    name: str, start_simulator: StartSimulator, tmp_path: Path
) -> None:
    simulator = start_simulator(*WEB)
    write(capture(simulator, name), tmp_path / "device.snmprec")

    replayed = asyncio.run(read_recorded(tmp_path / "device.snmprec", taken_at=utc_now()))

    assert facts(replayed) == facts(live(simulator, name, snmp=True))
    if name == HP:
        assert {row.serial for row in replayed.supplies} == {"1041220317", "1041187740", "1041187911", "1041188026"}
        assert "LEDM" in replayed.supplies[0].source


@pytest.mark.parametrize("name", [HP, XEROX, "4050", "zebra"])
def test_a_device_without_snmp_replays_with_what_it_says_over_ipp_alone(
    name: str, start_simulator: StartSimulator, tmp_path: Path
) -> None:
    simulator = start_simulator(*WEB, "--snmp-off", "")
    captured = capture(simulator, name)
    assert [note for note in captured.notes if "nothing in it over SNMP" in note]

    told = write(captured, tmp_path / "device.snmprec")

    assert [line.rpartition("/")[2].partition(":")[0] for line in told] == ["device.web.json"]
    for named in ("device.snmprec", "device.web.json"):
        replayed = asyncio.run(read_recorded(tmp_path / named, taken_at=utc_now()))
        assert facts(replayed) == facts(live(simulator, name, snmp=False))


def test_the_simulator_serves_what_was_captured(start_simulator: StartSimulator, tmp_path: Path) -> None:
    first = start_simulator(*WEB, "--base", "127.0.42.1")
    for name in (HP, XEROX):
        write(capture(first, name), tmp_path / f"{name}.snmprec")
    (tmp_path / f"{XEROX}.snmprec").unlink()

    second = start_simulator(*WEB, "--recordings", tmp_path, "--base", "127.0.44.1")

    assert second.names == (HP, XEROX)
    assert facts(live(second, HP, snmp=True)) == facts(live(first, HP, snmp=True))
    assert facts(live(second, XEROX, snmp=False)) == facts(live(first, XEROX, snmp=False))
    asked = second.stop()
    assert "requests" not in asked[second.address(XEROX)]
    assert asked[second.address(XEROX)]["web"]["POST 631 /ipp"] == 1


def test_what_is_asked_is_what_readings_ask_and_nothing_else(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(*WEB)
    captured = [capture(simulator, name) for name in (HP, BROTHER, XEROX)]
    asked = simulator.stop()

    paths = {
        HP: {"POST 631 /ipp/print", *(f"GET 80 {path}" for path in LEDM)},
        XEROX: {f"POST 631 {path}" for path in TRIED},
    }
    for name, expected in paths.items():
        assert set(asked[simulator.address(name)]["web"]) == expected
    assert "web" not in asked[simulator.address(BROTHER)], "it sleeps"
    assert "sleeps" in captured[1].notes[0]


LEDM = tuple(f"/DevMgmt/{name}.xml" for name in ("ProductConfigDyn", "ProductUsageDyn", "ConsumableConfigDyn"))
TRIED = ipp.PATHS[: ipp.PATHS.index("/ipp") + 1]


def test_a_recording_holds_nothing_of_people(start_simulator: StartSimulator, tmp_path: Path) -> None:
    simulator = start_simulator(*WEB)
    write(capture(simulator, HP), tmp_path / "plain.snmprec")
    write(capture(simulator, HP, mask=True), tmp_path / "masked.snmprec")

    truth = simulator.printer(HP)["device"]
    plain, masked = [json.loads((tmp_path / f"{name}.web.json").read_text()) for name in ("plain", "masked")]
    for document in (plain, masked):
        texts = bodies(document)
        assert truth["serial"] in texts
        assert [secret for secret in ("keller", "it@example.org", "operator", "originating") if secret in texts] == []
    assert truth["location"] in bodies(plain)
    secrets = (truth["location"], truth["hostname"], truth["mac"].replace(":", ""), simulator.address(HP))
    assert [secret for secret in secrets if secret in bodies(masked)] == []


def bodies(document: Mapping[str, Any]) -> str:
    decoded = [each.get("text", "") + base64.b64decode(each.get("base64", "")).decode("latin-1") for each in document["exchanges"]]
    assert all(decoded)
    return "\n".join(decoded)


def exchange(body: bytes, content_type: str = "text/html", *, path: str = "/page", ipp: bool = False) -> WebExchange:
    answer = HttpAnswer(200, content_type, body)
    return WebExchange(631, False, "POST", path, answer, "1.1") if ipp else WebExchange(80, False, "GET", path, answer)


def kept_of(*exchanges: WebExchange, mask: bool = False) -> list[bytes]:
    captured = scrubbed(Captured({}, WebRecording(exchanges)), mask=mask, known=["192.0.2.17"])
    return [each.answer.body for each in captured.web.exchanges]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"<a><UserName>m.keller</UserName><UserPages>12</UserPages></a>",
         b"<a><UserName>(removed)</UserName><UserPages>12</UserPages></a>"),
        (b"<a><Owner><First>Anna</First></Owner></a>", b"<a><Owner><First>(removed)</First></Owner></a>"),
        (b'<job owner="anna" pages="3"/>', b'<job owner="(removed)" pages="3"/>'),
        (b"<!-- made for Anna --><a><n>Total: 7</n></a>", b"<a><n>Total: 7</n></a>"),
        (b"<a><FaxNumber>4711</FaxNumber><SerialNumber>0123456789</SerialNumber></a>",
         b"<a><FaxNumber>(removed)</FaxNumber><SerialNumber>0123456789</SerialNumber></a>"),
        (b'{"total": 7, "contact": {"name": "Anna"}, "jobName": "x.docx", "serial": "0123456789"}',
         b'{"total": 7, "contact": {"name": "(removed)"}, "jobName": "(removed)", "serial": "0123456789"}'),
        (b"User name,Pages,Serial\r\nAnna,12,0123456789\r\n", b"User name,Pages,Serial\r\n(removed),12,0123456789\r\n"),
        (b"Ready\nJob from m.keller\nTel. 089 1234567", b"Ready\nJob from (removed)\nTel. [phone number]"),
        (b"\x89PNG\x00\x01", b""),
        (b'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE a><a><n>7</n></a>',
         b'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE a><a><n>7</n></a>'),
    ],
)  # fmt: skip
def test_names_and_numbers_of_people_are_taken_out_of_documents_of_any_type(body: bytes, kept: bytes) -> None:
    assert kept_of(exchange(body)) == [kept]


def test_masked_documents_do_not_tell_addresses_and_names_of_hosts() -> None:
    body = b"<a><HostName>NPI123456</HostName><n>at 192.0.2.17, mail server 192.0.2.99</n><m>00:11:22:33:44:55</m></a>"
    [kept] = kept_of(exchange(body), mask=True)
    assert [secret for secret in (b"NPI123456", b"192.0.2.17", b"192.0.2.99", b"33:44:55") if secret in kept] == []
    assert kept_of(exchange(body)) == [body]


def test_of_ipp_only_what_was_asked_for_is_kept() -> None:
    job = b"\x02" + attribute(NAME, "job-name", "Notice.docx") + attribute(NAME, "job-originating-user-name", "m.keller")
    whole = ipp_answer(
        attribute(TEXT, "printer-make-and-model", "Example P1"),
        attribute(TEXT, "printer-info", "The one of Anna"),
        attribute(TEXT, "printer-supply-description", "Toner", "Job from m.keller"),
        attribute(INTEGER, "printer-impressions-completed", 7),
        attribute(OCTETS, "printer-input-tray", "type=other;level=7;name=Label roll;", "name=Job from m.keller;level=1;"),
    )
    [kept] = kept_of(exchange(whole[:-1] + job + b"\x03", "application/ipp", ipp=True))
    expected = ipp_answer(
        attribute(TEXT, "printer-make-and-model", "Example P1"),
        attribute(TEXT, "printer-supply-description", "Toner", "Job from (removed)"),
        attribute(INTEGER, "printer-impressions-completed", 7),
        attribute(OCTETS, "printer-input-tray", "type=other;level=7;name=Label roll;", "name=Job from (removed);level=1;"),
    )
    assert kept == expected


def test_a_masked_ipp_answer_does_not_tell_where_the_printer_stands_and_whose_it_is() -> None:
    told = {
        "printer-location": "Room 7 of Acme",
        "printer-geo-location": "geo:48.1,11.5",
        "printer-organization": "Acme",
        "printer-organizational-unit": "Payroll",
    }
    places = [attribute(URI if value.startswith("geo:") else TEXT, name, value) for name, value in told.items()]
    whole = ipp_answer(
        attribute(TEXT, "printer-make-and-model", "Example P1"),
        *places,
        attribute(URI, "printer-uuid", "urn:uuid:e3248000-80ce-11db-8000-001122334455"),
        attribute(TEXT, "printer-supply-description", "Toner of Acme", "Drum of Payroll"),
    )
    [masked] = kept_of(exchange(whole, "application/ipp", ipp=True), mask=True)
    assert [secret for secret in (b"Room 7", b"geo:", b"Acme", b"Payroll", b"334455") if secret in masked] == []
    assert b"001122000000" in masked
    assert b"Toner of masked" in masked
    assert kept_of(exchange(whole, "application/ipp", ipp=True)) == [whole]


@pytest.mark.parametrize("cut", range(8, 120, 7))
def test_of_an_ipp_answer_that_is_cut_off_the_whole_part_is_kept(cut: int) -> None:
    whole = ipp_answer(attribute(TEXT, "printer-make-and-model", "Example P1"), attribute(TEXT, "printer-location", "Room of Anna"))
    [kept] = kept_of(exchange(whole[:cut], "application/ipp", ipp=True), mask=True)
    assert b"Anna" not in kept
    assert kept[:8] == whole[:8]


def test_a_silent_device_is_no_recording_and_one_that_says_less_leaves_nothing_of_before(
    start_simulator: StartSimulator, tmp_path: Path
) -> None:
    simulator = start_simulator(*WEB, "--snmp-off", "xerox")
    recorder = recorder_at(simulator)
    with pytest.raises(NoAnswerError):
        asyncio.run(ask("127.0.42.99", options_at(simulator), recorder, supplements_of(simulator, recorder)))
    write(capture(simulator, HP), tmp_path / "device.snmprec")
    write(capture(simulator, XEROX), tmp_path / "device.snmprec")
    assert [file.name for file in tmp_path.glob("device.*")] == ["device.web.json"]
    assert asyncio.run(read_recorded(tmp_path / "device.snmprec", taken_at=utc_now())).device.manufacturer == "Xerox"


def dca(folder: Path, *words: str) -> Finished:
    program = "import sys; from appliance.commands.cli import main; sys.exit(main())"
    return run_child(["python", "-c", program, *words], environment={"DCA_DATA_DIR": str(folder / "none")})


def test_the_command_reads_either_file_and_without_http_only_snmp(start_simulator: StartSimulator, tmp_path: Path) -> None:
    write(capture(start_simulator(*WEB), HP), tmp_path / "device.snmprec")
    told = {}
    for words in (["device.snmprec"], ["device.web.json"], ["device.snmprec", "--no-http"]):
        finished = dca(tmp_path, "read", "--recording", str(tmp_path / words[0]), *words[1:], "--json")
        assert finished.returncode == 0, finished.stderr
        told[" ".join(words)] = [row["serial"] for row in json.loads(finished.stdout)["readings"][0]["supplies"]]
    assert told["device.snmprec"] == told["device.web.json"] == ["1041220317", "1041187740", "1041187911", "1041188026"]
    assert told["device.snmprec --no-http"] == [None] * 4


def test_a_document_that_cannot_be_read_costs_nothing_of_the_others(start_simulator: StartSimulator, tmp_path: Path) -> None:
    captured = capture(start_simulator(*WEB), HP)
    broken = captured.web.changed(
        lambda each: replace(each, answer=replace(each.answer, body=b"<broken")) if "ProductUsage" in each.path else each
    )
    write(Captured({}, broken), tmp_path / "device.snmprec")
    finished = dca(tmp_path, "read", "--recording", str(tmp_path / "device.web.json"), "--json")
    [reading] = json.loads(finished.stdout)["readings"]
    assert (reading["device"]["serial"], list(reading["meters"])) == ("VNB3K41207", [])


GOOD = {"port": 80, "method": "GET", "path": "/", "status": 200}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "Invalid JSON"),
        (json.dumps({"schema": 2, "exchanges": []}), "schema"),
        (json.dumps({"schema": 1, "exchanges": [GOOD | {"port": 0}]}), "exchanges.0.port"),
        (json.dumps({"schema": 1, "exchanges": [GOOD | {"extra": 1}]}), "exchanges.0.extra"),
        (json.dumps({"schema": 1, "exchanges": [GOOD | {"base64": "%"}]}), "exchanges.0"),
        (json.dumps({"schema": 1, "exchanges": [GOOD]}), "nothing at port 631"),
    ],
)
def test_a_recording_that_cannot_be_used_is_told_in_a_sentence(content: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "device.web.json").write_text(content)
    finished = dca(tmp_path, "read", "--recording", str(tmp_path / "device.web.json"))
    assert finished.returncode == 1
    assert complaint in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_recording_is_written_as_it_is_read(tmp_path: Path) -> None:
    moved = replace(exchange(b""), answer=HttpAnswer(302, "", b"", "https://{host}/x", "Example HTTP Server"))
    recording = WebRecording([exchange(b"a\xfc\x00"), exchange("ü".encode(), path="/2"), moved, exchange(b"\1", ipp=True)])
    (tmp_path / "device.web.json").write_bytes(recording.octets())
    assert WebRecording.load(tmp_path / "device.web.json").exchanges == recording.exchanges


@pytest.mark.parametrize(
    "body",
    [b"<!--" * 200_000, b"<![CDATA[" * 50_000, b"<a " + b"x" * 500_000 + b">", b'{"a":' * 50_000, b'a,b\n"' + b"x" * 400_000],
    ids=["comments", "data", "attribute", "nested", "cell"],
)
@pytest.mark.timeout(60)
def test_documents_that_are_none_are_judged_in_time(body: bytes) -> None:
    assert len(kept_of(exchange(body))) == 1


def test_in_a_long_line_without_blanks_names_are_found_and_all_else_stays() -> None:
    line = b'var a=["' + b'1","' * 2000 + b'm.keller@example.org","' + b'2","' * 2000 + b'"];'
    assert kept_of(exchange(line)) == [line.replace(b"m.keller@example.org", b"(removed)")]
