"""A site that the hosting server has revoked, deactivated, or whose time is over: it is quiet, says so, and comes back."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.common.clock import utc_now
from appliance.common.errors import ControlError
from appliance.service.collector.problems import Problems
from appliance.service.collector.threads import StoreThread
from appliance.service.hosting.connection import HostingConnection
from appliance.settings.store import SettingsStore
from appliance.transmission.suspension import keep_quiet
from tests.appliance.collector import Site
from tests.appliance.hosting_peer import Decided
from tests.appliance.hosting_server import Hosting
from tests.appliance.store.samples import sample
from tests.appliance.transmission.peer import Peer, serving
from tests.children import wait_until

WORDS = {"revoked": "has revoked this site", "expired": "is over", "deactivated": "has deactivated this site"}


class LinkOfASite:
    """A connection and what it works on, as a collector has it."""

    def __init__(self, folder: Path) -> None:
        self.settings = SettingsStore(folder / "settings.json", {})
        self.store = StoreThread(folder / "readings.db")
        self.problems = Problems()
        self.connection = HostingConnection(folder / "trust", self.settings, self.store, self.problems, lambda: None)

    def problem(self, name: str) -> str | None:
        return next((item["text"] for item in self.problems.as_json() if item["name"] == name), None)


def with_link(folder: Path, work: Callable[[LinkOfASite], Coroutine[Any, Any, None]]) -> None:
    """Run `work` with the connection of a site that has two readings to send."""

    async def run() -> None:
        site = LinkOfASite(folder)
        site.connection.open()
        await site.store.call(lambda store: store.keep([sample(1), sample(2)]))
        try:
            await work(site)
        finally:
            site.connection.close()
            await site.store.close()

    asyncio.run(run())


def calls(peer: Peer) -> list[str]:
    return [request.target.rpartition("/")[2] for request in peer.received]


@pytest.mark.parametrize("code", sorted(WORDS))
def test_it_sends_nothing_more_and_says_why(tmp_path: Path, code: str) -> None:
    decided = Decided()
    with serving(decided.answer) as peer:

        async def work(site: LinkOfASite) -> None:
            await site.connection.enrol(f"{peer.url}#enrol=CODE1234")
            decided.refusal = code
            assert await site.connection.check_in({}) is None
            for _ in range(3):
                assert not site.connection.check_in_due
                assert await site.connection.check_in({}) is None
                await site.connection.upload(now=True)
            text = site.problem("hosting_quiet")
            assert text is not None
            assert WORDS[code] in text
            assert "once a day" in text
            assert site.problem("hosting") is None
            told = site.connection.as_json()["quiet"]
            assert told["code"] == code

        with_link(tmp_path, work)
        assert calls(peer) == ["enrol", "checkin"]


def test_a_refused_upload_makes_it_quiet_as_well(tmp_path: Path) -> None:
    decided = Decided()
    with serving(decided.answer) as peer:

        async def work(site: LinkOfASite) -> None:
            await site.connection.enrol(f"{peer.url}#enrol=CODE1234")
            decided.refusal = "revoked"
            await site.connection.upload()
            await site.connection.check_in({})
            assert site.problem("hosting_quiet")

        with_link(tmp_path, work)
        assert calls(peer) == ["enrol", "readings"]


def test_a_restart_asks_no_more_often(tmp_path: Path) -> None:
    decided = Decided(refusal="expired")
    with serving(decided.answer) as peer:

        async def before(site: LinkOfASite) -> None:
            await site.connection.enrol(f"{peer.url}#enrol=CODE1234")
            await site.connection.check_in({})

        async def after(site: LinkOfASite) -> None:
            assert site.problem("hosting_quiet")
            await site.connection.check_in({})
            await site.connection.upload()

        with_link(tmp_path, before)
        with_link(tmp_path, after)
        assert calls(peer) == ["enrol", "checkin"]


def test_a_person_asks_at_once_and_an_answer_brings_everything_back(tmp_path: Path) -> None:
    decided = Decided(refusal="deactivated")
    with serving(decided.answer) as peer:

        async def work(site: LinkOfASite) -> None:
            await site.connection.enrol(f"{peer.url}#enrol=CODE1234")
            await site.connection.check_in({})
            assert await site.connection.check_in({}, now=True) is None
            assert site.connection.as_json()["quiet"]
            decided.refusal = ""
            assert await site.connection.check_in({}, now=True)
            assert site.connection.quiet is None
            assert site.problems.as_json()[0]["name"] == "insecure_hosting"
            assert len(site.problems.as_json()) == 1
            assert (await site.connection.upload()).accepted == 2

        with_link(tmp_path, work)
        with_link(tmp_path, is_not_quiet)
        assert calls(peer) == ["enrol", "checkin", "checkin", "checkin", "readings"]


async def is_not_quiet(site: LinkOfASite) -> None:
    assert site.connection.quiet is None


def test_a_new_enrolment_ends_it_at_once(tmp_path: Path) -> None:
    decided = Decided(refusal="revoked")
    with serving(decided.answer) as peer:

        async def work(site: LinkOfASite) -> None:
            await site.connection.enrol(f"{peer.url}#enrol=CODE1234")
            await site.connection.check_in({})
            decided.refusal = ""
            await site.connection.enrol(f"{peer.url}#enrol=CODE5678")
            assert site.problem("hosting_quiet") is None
            assert await site.connection.check_in({})

        with_link(tmp_path, work)


def test_a_server_that_is_away_in_the_meantime_is_no_answer(tmp_path: Path) -> None:
    decided = Decided(refusal="expired")
    with serving(decided.answer) as peer:

        async def begin(site: LinkOfASite) -> None:
            await site.connection.enrol(f"{peer.url}#enrol=CODE1234")
            await site.connection.check_in({})

        with_link(tmp_path, begin)

    async def away(site: LinkOfASite) -> None:
        assert await site.connection.check_in({}, now=True) is None
        assert site.problem("hosting_quiet")
        assert "refuses the connection" in (site.problem("hosting") or "")
        assert not site.connection.check_in_due

    with_link(tmp_path, away)


def test_an_upload_of_nothing_is_no_contact(tmp_path: Path) -> None:
    with serving(Decided().answer) as peer:

        async def begin(site: LinkOfASite) -> None:
            await site.connection.enrol(f"{peer.url}#enrol=CODE1234")
            await site.connection.upload()

        with_link(tmp_path, begin)

    async def away(site: LinkOfASite) -> None:
        await site.store.call(lambda store: [store.reject(batch.id, "No.") for batch in iter(store.next_batch, None)])
        assert await site.connection.check_in({}) is None
        await site.connection.upload(now=True)
        assert "refuses the connection" in (site.problem("hosting") or "")
        assert site.connection.as_json()["last_contact_at"] is None

    with_link(tmp_path, away)


def test_a_site_that_only_runs_now_and_then_asks_once_a_day_by_its_upload(tmp_path: Path) -> None:
    decided = Decided(refusal="deactivated")
    with serving(decided.answer) as peer:

        async def work(site: LinkOfASite) -> None:
            await site.connection.enrol(f"{peer.url}#enrol=CODE1234")
            await site.connection.upload(now=True)
            await site.connection.upload(now=True)
            quiet = site.connection.quiet
            assert quiet is not None
            decided.refusal = ""
            keep_quiet(site.settings, replace(quiet, next_check_in_at=utc_now() - timedelta(minutes=1)))
            site.connection.open()
            await site.connection.upload()
            assert site.connection.as_json()["quiet"]
            assert (await site.connection.upload(now=True)).accepted == 2
            assert site.connection.as_json()["quiet"] is None

        with_link(tmp_path, work)
        assert calls(peer) == ["enrol", "readings", "readings"]


def test_readings_are_taken_and_kept_and_a_person_brings_the_site_back(ready_site: Site) -> None:
    ready_site.variables |= {"DCA_CHECK_IN_SECONDS": "5", "DCA_UPLOAD_SECONDS": "1"}
    decided = Decided(refusal="deactivated")
    with serving(decided.answer) as peer:
        ready_site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234"
        child = ready_site.start()
        wait_until("it is quiet", lambda: ready_site.problem("hosting_quiet"))
        ready_site.scan_to_the_end() if ready_site.status()["last_scan"] else ready_site.wait_for_scan()
        assert ready_site.status()["outbox"]["readings"] >= 4
        with pytest.raises(ControlError, match="has deactivated this site"):
            ready_site.call("POST", "/v1/check-in")
        with pytest.raises(ControlError, match="once a day"):
            ready_site.call("POST", "/v1/upload")
        assert child.stop().returncode == 0
        before = len(peer.received)
        ready_site.start()
        assert "deactivated" in (ready_site.problem("hosting_quiet") or "")
        decided.refusal = ""
        assert len(peer.received) == before
        assert ready_site.call("POST", "/v1/check-in") == {"text": "The hosting server has answered."}
        wait_until("nothing waits", lambda: ready_site.status()["outbox"]["readings"] == 0)
        assert ready_site.problem("hosting_quiet") is None
        assert ready_site.status()["hosting"]["quiet"] is None


def test_check_in_now_of_a_site_that_is_not_enrolled_says_how_to_enrol(site: Site) -> None:
    site.start()
    with pytest.raises(ControlError, match="not enrolled"):
        site.call("POST", "/v1/check-in")


def test_a_revoked_site_enrols_again_and_is_the_same_site(ready_site: Site, hosting: Hosting) -> None:
    hosting.start()
    ready_site.variables |= {"DCA_HOSTING_CA_FILE": str(hosting.authority), "DCA_UPLOAD_SECONDS": "1"}
    ready_site.variables["DCA_ENROLMENT"] = hosting.enrolment()
    ready_site.start()
    wait_until("the first readings have arrived", lambda: len(hosting.readings()) == 4)
    identity = (ready_site.status()["hosting"]["site_id"], (ready_site.data / "trust" / "request.key").read_bytes())
    hosting.revoke()
    with pytest.raises(ControlError, match="has revoked this site"):
        ready_site.call("POST", "/v1/check-in")
    ready_site.scan_to_the_end()
    assert ready_site.status()["outbox"]["readings"] == 4
    ready_site.call("POST", "/v1/enrol", {"enrolment": hosting.enrolment()})
    wait_until("the readings that waited have arrived", lambda: len(hosting.readings()) == 8)
    assert identity == (ready_site.status()["hosting"]["site_id"], (ready_site.data / "trust" / "request.key").read_bytes())
    assert ready_site.problem("hosting_quiet") is None
