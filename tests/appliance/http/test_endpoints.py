"""Where and how a printer is asked over IPP: paths and versions in order, TLS where it wants that, and what is remembered."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.common.network.traffic import Traffic
from appliance.http.endpoints import Endpoint, Endpoints, instead_of
from appliance.http.ports import AllowedPorts
from appliance.http.questions import ask_ipp
from appliance.http.shut_ports import DAY
from appliance.http.supplements import Supplements
from appliance.http.visit import HttpAnswer, HttpLimits, Visit
from appliance.reading.parts import Parts
from tests.appliance.http.documents import FULL_IPP, ipp_answer
from tests.appliance.http.web import Device, Page, device, tls_context, tls_device
from tests.appliance.reading.test_supplement import reading

PATHS = ["/ipp/print", "/ipp/printer", "/ipp", "/ipp/port1", "/"]
IPP = Page(FULL_IPP, content_type="application/ipp")
BAD_REQUEST, NOT_FOUND, NO_SUCH_OPERATION, WRONG_VERSION = 0x0400, 0x0406, 0x0501, 0x0503
OLD, NEW = b"\x01\x00", b"\x01\x01"
ABSENT = Page(status=404)
Answer = Callable[[str, bytes], Page]


def refusal(status: int) -> Page:
    return Page(ipp_answer(status=status), content_type="application/ipp")


def at_path(where: str, elsewhere: Page = ABSENT, *, version: bytes | None = None) -> Answer:
    """Return the answers of a printer at the path `where`, and `elsewhere`; `version` is the only one it speaks."""

    def answer(path: str, body: bytes) -> Page:
        return IPP if path == where and version in (None, body[:2]) else elsewhere

    return answer


async def asked(printer: Device, endpoints: Endpoints | None = None) -> Parts | None:
    async with Visit("127.0.0.1", AllowedPorts([printer.port]), HttpLimits(), Traffic()) as visit:
        return await ask_ipp(visit, printer.port, tls_ports=(), endpoints=endpoints)


async def ask(answer: Answer, times: int = 1) -> tuple[Parts | None, Device]:
    """Return what is found of a printer that answers so, asked so often, and the printer."""
    endpoints, parts = Endpoints(), None
    async with device() as printer:
        printer.answer_at = answer
        for _ in range(times):
            parts = await asked(printer, endpoints)
    return parts, printer


@pytest.mark.parametrize("where", PATHS)
@pytest.mark.parametrize(
    "elsewhere", [Page(status=404), Page(b"<html>", content_type="text/html"), refusal(NOT_FOUND), refusal(NO_SUCH_OPERATION)]
)
def test_the_paths_are_tried_in_order(where: str, elsewhere: Page) -> None:
    parts, printer = asyncio.run(ask(at_path(where, elsewhere)))
    assert parts is not None
    assert printer.requests == [f"POST {path}" for path in PATHS[: PATHS.index(where) + 1]]
    assert printer.connections == 1
    assert all(body[:2] == NEW for body in printer.bodies)


@pytest.mark.parametrize("where", ["/ipp/print", "/ipp", "/"])
@pytest.mark.parametrize("refused", [refusal(BAD_REQUEST), refusal(WRONG_VERSION), Page(status=400), Page(status=505)])
def test_an_older_version_is_tried_where_the_newer_one_is_refused(where: str, refused: Page) -> None:
    parts, printer = asyncio.run(ask(at_path(where, refused, version=OLD)))
    assert parts is not None
    tried = [path for path in PATHS[: PATHS.index(where) + 1] for _ in range(2)]
    assert printer.requests == [f"POST {path}" for path in tried]
    assert [body[:2] for body in printer.bodies] == [NEW, OLD] * (len(tried) // 2)


def test_a_printer_that_knows_only_later_versions_is_asked_in_one_at_last() -> None:
    parts, printer = asyncio.run(ask(at_path("/ipp/print", refusal(WRONG_VERSION), version=b"\x02\x00"), times=2))
    assert parts is not None
    assert [body[:2] for body in printer.bodies] == [NEW, OLD] * len(PATHS) + [b"\x02\x00"] * 2
    assert printer.requests[-2:] == ["POST /ipp/print"] * 2


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        (at_path("/ipp/port1"), ("POST /ipp/port1", NEW)),
        (at_path("/ipp/print", refusal(WRONG_VERSION), version=OLD), ("POST /ipp/print", OLD)),
        (at_path("/", refusal(BAD_REQUEST), version=OLD), ("POST /", OLD)),
    ],
)
def test_where_it_answered_is_asked_first_the_next_time(answer: Answer, place: tuple[str, bytes]) -> None:
    _, printer = asyncio.run(ask(answer, times=3))
    assert list(zip(printer.requests, (body[:2] for body in printer.bodies), strict=True))[-3:] == [place] * 3
    assert len(printer.requests) <= 12


def test_a_printer_that_answers_elsewhere_now_is_found_again() -> None:
    async def run() -> list[str]:
        endpoints = Endpoints()
        async with device() as printer:
            for where in ("/ipp", "/ipp/print"):
                printer.answer_at = at_path(where)
                assert await asked(printer, endpoints)
            return printer.requests

    assert asyncio.run(run()) == [f"POST {path}" for path in ("/ipp/print", "/ipp/printer", "/ipp", "/ipp", "/ipp/print")]


@pytest.mark.parametrize("status", [0x0401, 0x0402, 0x0403])
def test_a_printer_that_wants_a_login_is_left_alone(status: int) -> None:
    parts, printer = asyncio.run(ask(lambda _path, _body: refusal(status)))
    assert parts is None
    assert len(printer.requests) == 1


def test_a_printer_that_refuses_everything_is_asked_a_dozen_times_a_day_at_most() -> None:
    async def run() -> None:
        async with device(answer=lambda _body: refusal(BAD_REQUEST)) as printer:
            supplements = Supplements(ports=AllowedPorts([printer.port]), ipp_port=printer.port, web_ports=[])
            for _ in range(3):
                await supplements.complete(reading(meters={}), Traffic())
            assert len(printer.requests) == 2 * len(PATHS)

    asyncio.run(run())


@pytest.fixture
def own_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow none but the ports of a test: 443 and 631 of this machine are somebody else's."""
    monkeypatch.setattr("appliance.http.ports.HTTP_PORTS", frozenset())


async def complete_twice(first: Device, secure: Device) -> None:
    """Have readings completed twice by a printer, and see that it answers over TLS and that this is remembered."""
    elsewhere = [secure.port] if secure.port != first.port else []
    ports = AllowedPorts([first.port], secure=elsewhere)
    supplements = Supplements(ports=ports, ipp_port=first.port, web_ports=elsewhere)
    for _ in range(2):
        after = await supplements.complete(reading(meters={}), Traffic())
        assert after.meters["total"].value == 5120
    assert first.requests == ["POST /ipp/print"]
    assert secure.requests == ["POST /ipp/print"] * 2
    assert f"ipps://127.0.0.1:{secure.port}/ipp/print".encode() in secure.bodies[0]


@pytest.mark.usefixtures("own_ports")
@pytest.mark.parametrize(
    "plain",
    [
        Page(status=426),
        Page(status=301, location="https://127.0.0.1/ipp/print"),
        Page(status=302, location="https://printer-of-someone.example:443/login.htm"),
        Page(status=308, location="ipps://printer-of-someone.example/ipp/print"),
        Page(b"<html>The plain HTTP request was sent to HTTPS port</html>", status=400, content_type="text/html"),
        Page(b"Client sent an HTTP request to an HTTPS server.", status=400, content_type="text/plain"),
    ],
    ids=["426", "301", "own name", "ipps", "400", "400 in short"],
)
def test_a_printer_that_wants_tls_is_asked_where_it_speaks_it(plain: Page, tmp_path: Path) -> None:
    async def run() -> None:
        async with device(answer=lambda _body: plain) as first:
            secure = Device(answer=lambda _body: IPP)
            async with tls_device(secure, tls_context(tmp_path)):
                await complete_twice(first, secure)

    asyncio.run(run())


@pytest.mark.parametrize(
    "location", ["", "https://127.0.0.1:{port}/ipp/print", "https://NPI000000:{port}/", "ipps://127.0.0.1:{port}"]
)
def test_a_printer_may_speak_tls_at_the_same_port(location: str, tmp_path: Path) -> None:
    async def run() -> None:
        first, secure = Device(), Device(answer=lambda _body: IPP)
        async with tls_device(secure, tls_context(tmp_path), plain=first) as printer:
            first.port = printer.port
            wanted = Page(status=301 if location else 426, location=location.format(port=printer.port))
            first.answer = lambda _body: wanted
            await complete_twice(first, secure)

    asyncio.run(run())


@pytest.mark.parametrize("location", ["/ipp/here", "here", "http://127.0.0.1:{port}/ipp/here"])
def test_a_redirect_to_another_path_of_the_printer_is_followed(location: str) -> None:
    async def run() -> None:
        async with device() as printer:
            printer.answer_at = at_path("/ipp/here", Page(status=307, location=location.format(port=printer.port)))
            assert await asked(printer)
            assert printer.requests == ["POST /ipp/print", "POST /ipp/here"]

    asyncio.run(run())


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.2/ipp/print", "http://printer.example/", "ftp://127.0.0.1/", "http://[::1/", "http://127.0.0.1:port/"],
)
def test_a_redirect_to_another_place_is_not_followed(location: str) -> None:
    assert instead_of(Endpoint(631, "/ipp/print"), HttpAnswer(301, "", b"", location), "127.0.0.1", (443,)) == []


@pytest.mark.parametrize(
    ("endpoint", "host", "uri"),
    [
        (Endpoint(631, "/ipp/print"), "192.0.2.7", "ipp://192.0.2.7/ipp/print"),
        (Endpoint(631, "/", tls=True), "[2001:db8::7]", "ipps://[2001:db8::7]/"),
        (Endpoint(443, "/ipp/print", tls=True), "192.0.2.7", "ipps://192.0.2.7:443/ipp/print"),
    ],
)
def test_a_printer_is_named_by_where_it_is_asked(endpoint: Endpoint, host: str, uri: str) -> None:
    assert endpoint.uri(host) == uri


def test_redirects_in_a_circle_end() -> None:
    async def run() -> None:
        async with device(answer=lambda _body: Page(status=301, location="/ipp/print")) as printer:
            assert await asked(printer) is None
            assert printer.requests == [f"POST {path}" for path in PATHS]

    asyncio.run(run())


@pytest.mark.usefixtures("own_ports")
def test_a_printer_that_wants_tls_and_has_none_is_left_alone_for_a_while() -> None:
    async def run() -> None:
        now = [0.0]
        async with device(answer=lambda _body: Page(status=426)) as printer:
            supplements = Supplements(ports=AllowedPorts([printer.port]), ipp_port=printer.port, web_ports=[], clock=lambda: now[0])
            for moment, connections in ((0.0, 2), (60.0, 2), (DAY + 1, 4)):
                now[0] = moment
                assert await supplements.complete(reading(meters={}), Traffic()) == reading(meters={})
                assert printer.connections == connections

    asyncio.run(run())
