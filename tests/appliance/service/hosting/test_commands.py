"""What the hosting server asks for at a check-in: each command once, and a look at what is new by the supervisor."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.service.collector.collector_notes import CollectorNotes
from appliance.service.collector.problems import Problems
from appliance.service.collector.threads import StoreThread
from appliance.service.hosting import commands as hosting_commands
from appliance.service.hosting.commands import HostingCommands
from appliance.transmission.answers import Command
from tests.appliance.collector import Site
from tests.appliance.hosting_peer import Decided
from tests.appliance.transmission.peer import serving
from tests.children import wait_until
from tests.webui.standins import Component, LoopThread

MARKER = "0123456789abcdef"


def commands(*numbers: int) -> list[Command]:
    return [Command(id=f"id-{number}", name=f"command-{number}") for number in numbers]


def fresh(path: Path, *handed_out: list[Command]) -> list[list[str]]:
    """Return what a collector that is started anew takes for new, one handing-out after the other."""

    async def run() -> list[list[str]]:
        store = StoreThread(path)
        of_this_process = HostingCommands(CollectorNotes(store, Problems()))
        try:
            return [await of_this_process.fresh(each) for each in handed_out]
        finally:
            await store.close()

    return asyncio.run(run())


def test_a_command_is_fresh_once_also_in_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    assert fresh(path, commands(1, 2), commands(1, 2, 3), []) == [["command-1", "command-2"], ["command-3"], []]
    assert fresh(path, commands(3, 4)) == [["command-4"]]


def test_two_check_ins_at_a_time_do_not_both_take_it(tmp_path: Path) -> None:
    async def run() -> list[list[str]]:
        store = StoreThread(tmp_path / "readings.db")
        both = HostingCommands(CollectorNotes(store, Problems()))
        try:
            return list(await asyncio.gather(both.fresh(commands(1)), both.fresh(commands(1))))
        finally:
            await store.close()

    assert sorted(asyncio.run(run())) == [[], ["command-1"]]


def test_ids_are_forgotten_only_after_many_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting_commands, "KEPT_IDS", 3)
    assert fresh(tmp_path / "readings.db", commands(1), commands(2, 3), commands(1), commands(4), commands(1)) == [
        ["command-1"], ["command-2", "command-3"], [], ["command-4"], ["command-1"],
    ]  # fmt: skip


def test_a_scan_that_is_asked_for_is_made_once_however_often_it_is_handed_out(ready_site: Site) -> None:
    decided = Decided()
    with serving(decided.answer) as peer:
        ready_site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234"
        child = ready_site.start()
        first = ready_site.wait_for_scan()["id"]
        decided.commands = [{"id": "scan-1", "name": "scan_now"}]
        ready_site.call("POST", "/v1/check-in")
        wait_until("it was scanned again", lambda: ready_site.status()["last_scan"]["id"] != first)
        second = ready_site.status()["last_scan"]["id"]
        ready_site.call("POST", "/v1/check-in")
        assert child.stop().returncode == 0
        ready_site.start()
        ready_site.call("POST", "/v1/check-in")
        assert ready_site.status()["scan"] is None
        assert ready_site.status()["last_scan"]["id"] == second
        assert sum("state" in request.content for request in peer.received) >= 3


@pytest.fixture
def supervisor(site: Site) -> Iterator[Component]:
    """Yield what answers in place of a supervisor."""
    (site.folder / "run").mkdir(parents=True)
    thread = LoopThread()
    component = Component(thread, site.folder / "run" / "supervisor.sock")
    yield component
    component.close()
    thread.close()


def test_the_marker_of_a_new_configuration_reaches_the_supervisor(site: Site, supervisor: Component) -> None:
    decided = Decided()
    with serving(decided.answer) as peer:
        site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234"
        site.start()
        wait_until("the first check-in", lambda: decided.states)
        assert supervisor.called("/v1/update/check") == []
        decided.configuration = MARKER
        site.call("POST", "/v1/check-in")
        assert supervisor.called("/v1/update/check") == [{"marker": MARKER}]
        decided.commands, decided.configuration = [{"id": "check-1", "name": "check_now"}], None
        site.call("POST", "/v1/check-in")
        wait_until("a look without a marker", lambda: {} in supervisor.called("/v1/update/check"))
        assert supervisor.called("/v1/update/check") == [{"marker": MARKER}, {}]


def test_with_updates_off_nothing_is_looked_for(site: Site, supervisor: Component) -> None:
    site.variables["DCA_UPDATE"] = "off"
    decided = Decided(configuration=MARKER, commands=[{"id": "check-1", "name": "check_now"}])
    with serving(decided.answer) as peer:
        site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234"
        child = site.start()
        child.wait_for("switched them off")
        assert site.problem("update_check") is None
    assert supervisor.called("/v1/update/check") == []


def test_a_supervisor_that_is_away_is_told_until_it_answers(site: Site, supervisor: Component) -> None:
    supervisor.refusals["/v1/update/check"] = "The check is not possible now."
    decided = Decided(configuration=MARKER)
    with serving(decided.answer) as peer:
        site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234"
        site.start()
        wait_until("the trouble is told", lambda: site.problem("update_check"))
        assert "The check is not possible now." in (site.problem("update_check") or "")
        supervisor.refusals.clear()
        site.call("POST", "/v1/check-in")
        assert site.problem("update_check") is None


def test_the_state_says_whether_a_support_bundle_may_be_asked_for(site: Site) -> None:
    decided = Decided()
    with serving(decided.answer) as peer:
        site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234"
        site.start()
        wait_until("the first check-in", lambda: decided.states)
        assert decided.states[-1]["update"] == {"level": "auto", "support_bundle": False}
        assert "support_bundle" not in decided.states[-1]["privacy"]
        site.set("privacy.support_bundle=on")
        site.call("POST", "/v1/check-in")
        assert decided.states[-1]["update"] == {"level": "auto", "support_bundle": True}
        assert "support_bundle" not in decided.states[-1]["privacy"]


def test_the_marker_of_a_rollout_reaches_the_supervisor_where_versions_are_wanted(site: Site, supervisor: Component) -> None:
    decided = Decided(rollout=MARKER)
    with serving(decided.answer) as peer:
        site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234"
        site.start()
        wait_until("the rollout is told", lambda: {"rollout": MARKER} in supervisor.called("/v1/update/check"))
        site.set("update.level=config")
        told = len(supervisor.called("/v1/update/check"))
        site.call("POST", "/v1/check-in")
        assert len(supervisor.called("/v1/update/check")) == told


def test_the_state_tells_of_versions_without_secrets(site: Site, supervisor: Component) -> None:
    site.variables["DCA_PROXY_PASSWORD"] = "hunter22hunter22"
    row = {
        "transaction": "ab" * 6,
        "from_version": "0.1.0",
        "to_version": "0.2.0",
        "started_at": "2026-11-25T22:00:00Z",
        "seconds": 31.0,
        "outcome": "rolled_back",
        "reason": "unhealthy",
        "text": "It did not become healthy.",
        "log": "login with hunter22hunter22 failed",
    }
    image = {"decision": None, "progress": None, "history": [row], "rollout": MARKER, "installing": None, "degraded": None}
    supervisor.answers["/v1/update"] = {"level": "auto", "image_updates": "possible", "image": image}
    decided = Decided()
    with serving(decided.answer) as peer:
        site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234"
        site.start()
        wait_until("the first check-in", lambda: decided.states)
        update = decided.states[-1]["update"]
        assert (update["channel"], update["rollout"], update["image_updates"]) == ("stable", MARKER, "possible")
        assert (update["image"]["execution"], update["image"]["result"], update["image"]["seconds"]) == ("closed", "failure", 31.0)
        assert update["image"]["log"] == "login with (hidden) failed"
        site.call("POST", "/v1/check-in")
        assert decided.states[-2]["update"] == decided.states[-1]["update"]


def test_each_end_of_an_update_is_told_although_another_version_is_offered(site: Site, supervisor: Component) -> None:
    """And over a restart of the collector none is told twice."""
    ends = [
        {"transaction": 6 * f"{number}{number}", "from_version": "1", "to_version": "2", "outcome": "rolled_back"}
        for number in (2, 1)
    ]
    offered = {"state": "available", "version": "0.3.0", "waits": ["window"], "text": "It waits."}
    supervisor.answers["/v1/update"] = {"image_updates": "possible", "image": {"decision": offered, "history": ends}}
    decided = Decided()
    with serving(decided.answer) as peer:
        site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234"
        child = site.start()

        def told() -> list[tuple[str, str]]:
            images = [state["update"].get("image") or {} for state in decided.states]
            return [(image.get("transaction", ""), image.get("execution", "")) for image in images]

        both = [(6 * "11", "closed"), (6 * "22", "closed")]
        wait_until("both are told", lambda: [each for each in told() if each in both] == both)

        def offer_is_told() -> bool:
            # That the second one was told is known once its answer has been taken.
            site.call("POST", "/v1/check-in")
            return told()[-1] == ("", "scheduled")

        wait_until("what is offered is told", offer_is_told)
        child.stop()
        before = len(decided.states)
        site.start()
        wait_until("it checks in again", lambda: len(decided.states) > before)
        assert told()[before] == ("", "scheduled")
