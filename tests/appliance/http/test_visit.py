"""A visit to a device over HTTP: whole, packed, in chunks, redirected; slow, huge or damaged answers cost little."""

import asyncio
import gzip
import re
import ssl
import time
import warnings
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

import pytest

import appliance
import updater
from appliance.common.network.outbound import prepare_context
from appliance.common.network.traffic import Traffic
from appliance.http.errors import HttpError, SilentError
from appliance.http.ports import AllowedPorts
from appliance.http.visit import HttpAnswer, HttpLimits, Visit, lenient_tls
from tests.appliance.http.web import Device, Page, device, tls_context, tls_device

BODY = b"<status>" + b"ready " * 500 + b"</status>"
Result = TypeVar("Result")


def visited(
    pages: dict[str, Page],
    ask: Callable[[Visit, Device], Coroutine[None, None, Result]],
    limits: HttpLimits | None = None,
    traffic: Traffic | None = None,
) -> tuple[Result, Device]:
    """Return what `ask` returns of a visit to a device with `pages`."""

    async def run() -> tuple[Result, Device]:
        async with (
            device(pages) as served,
            Visit("127.0.0.1", AllowedPorts([served.port]), limits or HttpLimits(), traffic or Traffic()) as visit,
        ):
            return await ask(visit, served), served

    return asyncio.run(run())


async def get_page(visit: Visit, served: Device) -> HttpAnswer:
    return await visit.get("/page", port=served.port)


@pytest.mark.parametrize(
    "page",
    [
        Page(BODY),
        Page(BODY, packed=True),
        Page(BODY, chunked=True),
        Page(BODY, packed=True, chunked=True),
        Page(BODY, close=True),
        Page(raw=b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + BODY),
        Page(raw=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: Text/XML; charset=x\r\n\r\n" + BODY),
    ],
)
def test_an_answer_arrives_whole(page: Page) -> None:
    answer, _ = visited({"/page": page}, get_page)
    assert answer == HttpAnswer(200, "text/xml", BODY)


def test_several_questions_need_one_connection() -> None:
    async def thrice(visit: Visit, served: Device) -> list[bytes]:
        return [(await visit.get(path, port=served.port)).body for path in ("/a", "/b", "/c")]

    bodies, served = visited({path: Page(path.encode()) for path in ("/a", "/b", "/c")}, thrice)
    assert bodies == [b"/a", b"/b", b"/c"]
    assert served.connections == 1


def test_a_connection_that_the_device_closes_is_opened_again() -> None:
    async def thrice(visit: Visit, served: Device) -> list[int]:
        return [(await visit.get("/page", port=served.port)).status for _ in range(3)]

    silently_closed = Page(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    statuses, served = visited({"/page": silently_closed}, thrice)
    assert statuses == [200, 200, 200]
    assert served.connections == 3


def test_a_redirect_within_the_device_is_followed() -> None:
    answer, served = visited({"/page": Page(status=302, location="/there?x=1"), "/there?x=1": Page(b"here")}, get_page)
    assert answer.body == b"here"
    assert served.requests == ["GET /page", "GET /there?x=1"]


def test_redirects_in_a_circle_end() -> None:
    with pytest.raises(HttpError, match="redirects too often"):
        visited({"/page": Page(status=302, location="/page")}, get_page)


def test_a_slow_answer_costs_no_more_than_its_limit() -> None:
    async def ask(visit: Visit, served: Device) -> HttpAnswer:
        return await visit.get("/page", port=served.port)

    began = time.monotonic()
    with pytest.raises(SilentError, match="did not finish its answer in time"):
        visited({"/page": Page(BODY, wait=asyncio.Event())}, ask, HttpLimits(answer_seconds=0.3))
    assert time.monotonic() - began < 5


def test_the_visit_as_a_whole_has_a_budget() -> None:
    async def ask(visit: Visit, served: Device) -> None:
        with pytest.raises(SilentError):
            await visit.get("/page", port=served.port)
        with pytest.raises(SilentError):
            await visit.get("/page", port=served.port)

    _, served = visited({"/page": Page(wait=asyncio.Event())}, ask, HttpLimits(visit_seconds=0.3))
    assert served.connections == 1


@pytest.mark.parametrize(
    "page",
    [
        Page(b"x" * 200_000),
        Page(b"x" * 200_000, chunked=True),
        Page(b"x" * 200_000, packed=True),
        Page(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000),
        Page(raw=b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 10_000 + b"\r\n"),
    ],
)
def test_an_answer_beyond_the_limit_is_not_taken(page: Page) -> None:
    with pytest.raises(HttpError):
        visited({"/page": page}, get_page, HttpLimits(body_bytes=100_000))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x00\x01\x02\r\n\r\n",
        b"SSH-2.0-printer\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\njunk",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + gzip.compress(BODY, mtime=0)[:20],
    ],
)
def test_what_is_no_answer_is_an_error(octets: bytes) -> None:
    with pytest.raises(HttpError):
        visited({"/page": Page(raw=octets)}, get_page)


def test_the_traffic_of_a_visit_is_counted() -> None:
    traffic = Traffic()
    visited({"/page": Page(BODY)}, get_page, traffic=traffic)
    assert len(BODY) < traffic.bytes_received < len(BODY) + 1500
    assert 250 < traffic.bytes_sent < 1500
    assert 4 <= traffic.packets_sent <= 12
    assert 3 <= traffic.packets_received <= 12


def test_a_device_that_redirects_to_https_is_followed_whatever_its_certificate(tmp_path: Path) -> None:
    async def run() -> tuple[HttpAnswer, Traffic]:
        traffic = Traffic()
        async with tls_device(Device(pages={"/page": Page(BODY)}), tls_context(tmp_path)) as secure:
            to_tls = Page(status=301, location=f"https://127.0.0.1:{secure.port}/page")
            async with (
                device({"/page": to_tls}) as plain,
                Visit("127.0.0.1", AllowedPorts([plain.port, secure.port]), HttpLimits(), traffic) as visit,
            ):
                return await visit.get("/page", port=plain.port), traffic

    answer, traffic = asyncio.run(run())
    assert answer.body == BODY
    assert traffic.bytes_received > len(BODY) + 1000, "the handshake counts, too"


@pytest.mark.parametrize("bits", [1024, 2048])
@pytest.mark.parametrize("newest", ["TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"])
def test_a_device_is_read_however_old_its_tls(newest: str, bits: int, tmp_path: Path) -> None:
    context = tls_context(tmp_path, bits=bits)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.maximum_version = ssl.TLSVersion[newest]

    async def run() -> tuple[HttpAnswer, HttpAnswer]:
        page = Page(BODY)
        async with (
            tls_device(Device(pages={"/page": page}, answer=lambda _body: page), context) as secure,
            Visit("127.0.0.1", AllowedPorts(secure=[secure.port]), HttpLimits(), Traffic()) as visit,
        ):
            got = await visit.get("/page", port=secure.port)
            return got, await visit.post_ipp("/page", b"", port=secure.port, tls=True)

    got, posted = asyncio.run(run())
    assert (got.body, posted.body) == (BODY, BODY)


def test_a_device_that_knows_no_secure_renegotiation_may_answer() -> None:
    legacy_server_connect = 0x4
    assert lenient_tls().options & legacy_server_connect


def test_the_hosting_server_is_never_asked_so_leniently() -> None:
    strict = prepare_context(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), verify=False)
    assert strict.minimum_version >= ssl.TLSVersion.TLSv1_2
    lenient = re.compile(r"lenient_tls|SECLEVEL|minimum_version|set_ciphers")
    rooms = [Path(appliance.__file__).parent, Path(updater.__file__).parent]
    users = {file.name for room in rooms for file in room.rglob("*.py") if lenient.search(file.read_text(encoding="utf-8"))}
    assert users == {"visit.py"}
