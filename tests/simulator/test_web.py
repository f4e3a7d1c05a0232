"""The simulated printers over TCP: IPP, documents, TLS as old as devices speak it, and whatever a client may send."""

import asyncio
import json
import re
import socket
import ssl
import struct
from pathlib import Path

import pytest

from appliance.common.network.traffic import Traffic
from appliance.http.ports import AllowedPorts
from appliance.http.visit import HttpAnswer, HttpLimits, Visit
from appliance.reading.sources import ipp
from tests.children import run_child
from tests.conftest import FreePort, RunningSimulator, StartSimulator
from tests.simulator import net_snmp

WEB = ("--web-port", "631=0", "--web-port", "80=0", "--web-port", "443=0")
CONFIG, USAGE, CONSUMABLES = (f"/DevMgmt/{name}.xml" for name in ("ProductConfigDyn", "ProductUsageDyn", "ConsumableConfigDyn"))


def get(simulator: RunningSimulator, address: str, path: str, port: int) -> HttpAnswer:
    """Return what the appliance's own client reads."""

    async def ask() -> HttpAnswer:
        ports = AllowedPorts(simulator.web.values(), secure=[simulator.web[443]])
        async with Visit(address, ports, HttpLimits(), Traffic()) as visit:
            return await visit.get(path, port=simulator.web[port])

    return asyncio.run(ask())


def post(simulator: RunningSimulator, address: str, path: str, request: bytes, *, tls: bool = False) -> HttpAnswer:
    async def ask() -> HttpAnswer:
        async with Visit(address, AllowedPorts(simulator.web.values()), HttpLimits(), Traffic()) as visit:
            return await visit.post_ipp(path, request, port=simulator.web[631], tls=tls)

    return asyncio.run(ask())


def test_documents_and_ipp_tell_what_snmp_tells(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(*WEB)
    for printer in simulator.printers:
        path = {"4050": "/ipp/port1", "ricoh": "/ipp/printer", "xerox": "/ipp", "konica": "/ipp", "zebra": "/"}
        own = next((path for part, path in path.items() if part in printer["name"]), "/ipp/print")
        version = (1, 0) if "4050" in printer["name"] else (1, 1)
        answer = post(simulator, printer["address"], own, ipp.encode_request("ipp://printer/", version=version))
        told = ipp.decode_answer(answer.body).attributes
        assert told["printer-make-and-model"] == (printer["device"]["description"],)
        assert told["printer-location"] == (printer["device"]["location"],)
        if "printer-serial-number" in told:
            assert told["printer-serial-number"] == (printer["device"]["serial"],)
    hp = simulator.printer("hp-color")
    texts = {path: get(simulator, hp["address"], path, 80).body.decode() for path in (CONFIG, USAGE, CONSUMABLES)}
    assert f"<dd:TotalImpressions>{hp['meters']['total']['value']}</dd:TotalImpressions>" in texts[USAGE]
    percents = re.findall("<dd:ConsumablePercentageLevelRemaining>(.*?)<", texts[CONSUMABLES])
    assert percents == [f"{row['percent']:g}" for row in hp["supplies"]]
    for item in ("serial", "firmware", "description"):
        assert f">{hp['device'][item]}<" in texts[CONFIG]


@pytest.mark.parametrize(
    ("words", "version"),
    [
        (["--tls-version", "1.0", "--tls-ciphers", "AES128-SHA", "--tls-bits", "1024"], "TLSv1"),
        (["--tls-version", "1.1"], "TLSv1.1"),
        (["--tls-ciphers", "AES256-SHA"], "TLSv1.3"),
    ],
    ids=["1.0", "1.1", "any"],
)
def test_tls_as_old_as_a_device_is_read_and_by_others_refused(
    words: list[str], version: str, start_simulator: StartSimulator
) -> None:
    simulator = start_simulator(*WEB, *words)
    address = simulator.address("hp-color")
    answer = get(simulator, address, CONFIG, 443)
    assert (answer.status, answer.content_type) == (200, "text/xml")
    assert ipp.decode_answer(post(simulator, address, "/ipp/print", ipp.encode_request("ipps://p/"), tls=True).body).successful
    # By default a client will not have the certificate, nor, where it is old, the version.
    with socket.create_connection((address, simulator.web[443]), timeout=10) as plain, pytest.raises(ssl.SSLError):
        ssl.create_default_context().wrap_socket(plain, server_hostname=address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with socket.create_connection((address, simulator.web[443]), timeout=10) as plain, context.wrap_socket(plain) as secured:
        assert secured.version() == version


def test_only_the_attributes_of_a_printer_are_told_and_only_in_versions_it_speaks(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(*WEB)
    address = simulator.address("4050")
    newer = post(simulator, address, "/ipp/port1", ipp.encode_request("ipp://p/", version=(1, 1)))
    print_job = struct.pack(">BBHI", 1, 0, 0x0002, 1) + ipp.encode_request("ipp://p/")[8:]
    assert (newer.status, ipp.decode_answer(newer.body).status) == (200, 0x0503)
    assert ipp.decode_answer(post(simulator, address, "/ipp/port1", print_job).body).status == 0x0501
    assert post(simulator, address, "/ipp/print", print_job).status == 404
    assert get(simulator, simulator.address("hp-color"), "/index.html", 80).status == 404


def test_whatever_is_sent_the_others_are_answered(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(*WEB)
    address = simulator.address("hp-color")
    hostile = [
        b"\x16\x03\x01\xff\xff nothing of TLS",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"X" * 200_000,
        b"POST /ipp/print HTTP/1.1\r\nContent-Type: application/ipp\r\nContent-Length: 9\r\n\r\n\1\1\0\x0b\0\0\0\1\1",
    ]
    silent = socket.create_connection((address, simulator.web[80]), timeout=10)
    for octets in hostile:
        with socket.create_connection((address, simulator.web[631]), timeout=10) as client:
            try:
                client.sendall(octets)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
            except ConnectionError:
                pass
    assert get(simulator, address, CONFIG, 80).status == 200
    silent.close()
    assert simulator.stop()[address]["web"]["GET 80 " + CONFIG] == 1


def test_a_printer_with_snmp_off_is_silent_there_and_others_are_not(start_simulator: StartSimulator) -> None:
    simulator = start_simulator(*WEB, "--snmp-off", "xerox", "--snmp-off", "hp-color")
    assert net_snmp.get(simulator.address("ricoh"), simulator.port, "1.3.6.1.2.1.1.5.0")
    request = bytes.fromhex("302602010104067075626c6963a019020101020100020100300e300c06082b060102010105000500")
    for name in ("xerox", "hp-color"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.5)
            client.sendto(request, (simulator.address(name), simulator.port))
            with pytest.raises(TimeoutError):
                client.recv(2000)
    assert simulator.printer("xerox")["status"]["device"] == "unknown"


def test_redirects_of_recordings_lead_to_the_address_that_was_asked(start_simulator: StartSimulator, tmp_path: Path) -> None:
    exchanges = [
        {"port": 80, "method": "GET", "path": "/a", "status": 302, "location": "https://{host}/b?x=1"},
        {
            "port": 443,
            "tls": True,
            "method": "GET",
            "path": "/b?x=1",
            "status": 200,
            "content_type": "text/csv",
            "server": "Example",
            "text": "a,b\n1,2\n",
        },
    ]
    (tmp_path / "device.web.json").write_text(json.dumps({"schema": 1, "exchanges": exchanges}))
    simulator = start_simulator(*WEB[2:], "--recordings", tmp_path, "--base", "127.0.44.9")
    answer = get(simulator, "127.0.44.9", "/a", 80)
    assert (answer.status, answer.content_type, answer.body, answer.server) == (200, "text/csv", b"a,b\n1,2\n", "Example")


SERVE = ["python", "-m", "simulator", "serve", "--port", "0", "--fleet", "1", "--base", "127.0.45.1"]


def test_what_cannot_be_served_is_said_in_a_sentence(tmp_path: Path, free_port: FreePort) -> None:
    (tmp_path / "broken.web.json").write_text('{"schema": 1, "exchanges": [{"port": "80"}]}')
    with socket.create_server(("127.0.45.1", free_port("tcp", "127.0.45.1"))) as taken:
        port = taken.getsockname()[1]
        told = {
            f"TCP port {port} of 127.0.45.1 cannot be used": [*SERVE, "--web-port", f"631={port}"],
            "broken.web.json cannot be used": [*SERVE, "--recordings", str(tmp_path)],
            "None of the ciphers 'ROT13'": [*SERVE, *WEB, "--tls-ciphers", "ROT13"],
            "such as 631=8631": [*SERVE, "--web-port", "631"],
        }
        for sentence, command in told.items():
            finished = run_child(command)
            assert finished.returncode in (1, 2)
            assert sentence in finished.stderr
            assert "Traceback" not in finished.stderr
