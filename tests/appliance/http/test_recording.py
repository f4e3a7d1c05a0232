"""Answers that are written down while a device is asked, and played again in its place."""

import asyncio
from pathlib import Path

import pytest

from appliance.common.network.traffic import Traffic
from appliance.http.errors import NotAllowedError, RefusedError
from appliance.http.ports import AllowedPorts
from appliance.http.questions import ask_ipp
from appliance.http.recording import WebExchange, WebRecorder, WebRecording
from appliance.http.visit import HttpAnswer
from tests.appliance.http.documents import CONFIG, FULL_IPP, ipp_answer
from tests.appliance.http.web import Page, device, tls_context, tls_device

ELSEWHERE = "192.0.2.40"
REFUSED = ipp_answer(status=0x0503)


def ipp_at(path: str, request: bytes) -> Page:
    """Answer IPP 1.0 at one path, as an old printer does."""
    if path != "/ipp":
        return Page(status=404)
    return Page(FULL_IPP if request[:2] == b"\1\0" else REFUSED, content_type="application/ipp")


def test_redirects_tls_and_versions_of_ipp_replay_at_another_address(tmp_path: Path) -> None:
    async def run() -> None:
        served = {"/moved": Page(CONFIG, packed=True)}
        async with device(served) as plain, device() as secured, tls_device(secured, tls_context(tmp_path)):
            secured.pages = {"/moved": Page(CONFIG, packed=True)}
            plain.pages = {"/here": Page(status=302, location=f"https://127.0.0.1:{secured.port}/moved")}
            plain.answer_at = ipp_at
            standing_for = {plain.port: 80, secured.port: 443}
            recorder = WebRecorder(AllowedPorts([plain.port], secure=[secured.port]), standing_for)
            async with recorder.visit("127.0.0.1", Traffic()) as visit:
                live = await visit.get("/here", port=plain.port)
                parts = await ask_ipp(visit, plain.port)

        (tmp_path / "device.web.json").write_bytes(recorder.recording.octets())
        recording = WebRecording.load(tmp_path / "device.web.json")
        assert "127.0.0.1" not in (tmp_path / "device.web.json").read_text()
        async with recording.visit(ELSEWHERE, Traffic()) as replayed:
            assert (await replayed.get("/here", port=80)).body == live.body == CONFIG
            assert await ask_ipp(replayed, 80) == parts
            assert parts is not None

    asyncio.run(run())


def test_what_was_not_recorded_is_not_there(tmp_path: Path) -> None:
    async def run() -> None:
        recording = WebRecording([WebExchange(80, False, "GET", "/a", HttpAnswer(200, "text/plain", b"x"))])
        async with recording.visit(ELSEWHERE, Traffic()) as visit:
            assert (await visit.get("/b", port=80)).status == 404
            with pytest.raises(RefusedError):
                await visit.get("/a", port=443)
            with pytest.raises(NotAllowedError):
                await visit.get("/a", port=9100)

    asyncio.run(run())


def test_a_recording_never_leads_to_a_port_of_printing_or_to_another_host() -> None:
    async def run() -> None:
        places = ["http://{host}:9100/", "https://192.0.2.99/", "http://{host}:515/x"]
        exchanges = [WebExchange(80, False, "GET", f"/{at}", HttpAnswer(302, "", b"", place)) for at, place in enumerate(places)]
        async with WebRecording(exchanges).visit(ELSEWHERE, Traffic()) as visit:
            for number in range(len(places)):
                with pytest.raises(NotAllowedError):
                    await visit.get(f"/{number}", port=80)

    asyncio.run(run())


def test_the_first_answer_to_a_question_counts() -> None:
    exchanges = [WebExchange(80, False, "GET", "/a", HttpAnswer(200, "", body)) for body in (b"first", b"second")]
    assert [each.answer.body for each in WebRecording(exchanges).exchanges] == [b"first"]
