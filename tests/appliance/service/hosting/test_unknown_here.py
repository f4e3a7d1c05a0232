"""A site that is told 401 asks again soon, later each time, never in step with others: a fault of the server can look so."""

import asyncio
from pathlib import Path

import pytest

from appliance.common.errors import HostingError, RefusedError, UnknownHereError
from appliance.settings.environment import ENROLMENT_VARIABLE
from appliance.transmission.pause import pause_after
from tests.appliance.service.hosting.test_turned_away import LinkOfASite, with_link
from tests.appliance.transmission.peer import Received, Reply, serving


class Unsure:
    """A hosting server that knows nobody at its first call of each kind."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._asked: set[str] = set()

    def answer(self, request: Received) -> Reply:
        call = request.target.rpartition("/")[2]
        if call not in self._asked:
            self._asked.add(call)
            return Reply({"error": self._code, "message": "Not known."}, 401)
        if call == "enrol":
            return Reply({"site_id": "site-7"}, 201)
        if call == "readings":
            return Reply({"accepted": len(request.content["readings"]), "duplicate": 0})
        return Reply({"server_time": "2026-11-22T10:00:00Z"})


@pytest.mark.parametrize("code", ["unknown_site", "bad_signature"])
def test_what_waits_is_sent_soon_after(tmp_path: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Unsure(code).answer) as peer:
        monkeypatch.setenv(ENROLMENT_VARIABLE, f"{peer.url}#enrol=CODE1234")

        async def work(site: LinkOfASite) -> None:
            async with asyncio.timeout(60):
                assert await site.connection.enrol_by_environment(), "an enrolment that was answered 401 is tried again"
                assert await site.connection.check_in({}) is None
                assert site.problem("hosting")
                while await site.connection.check_in({}) is None:
                    await asyncio.sleep(0.05)
                while not (await site.connection.upload()).accepted:
                    await asyncio.sleep(0.05)
            assert site.problem("hosting") is None

        with_link(tmp_path, work)


def test_the_waits_grow_and_differ() -> None:
    def waits(error: HostingError, failures: int) -> set[float]:
        return {pause_after(error, failures) for _ in range(20)}

    unknown = UnknownHereError("No.", code="unknown_site")
    assert max(waits(unknown, 1)) <= 5
    assert 450 <= min(waits(unknown, 20)) < max(waits(unknown, 20)) <= 900
    assert len(waits(RefusedError("No.", code="something_new"), 1)) > 1
