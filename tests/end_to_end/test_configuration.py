"""Signed configuration from the command of the hosting team to the collectors of three sites: whom it reaches, and whom not."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.configuration import HostingTeam, RunningSite, running_sites
from tests.updater.harness import wait_until

NAMES = ("Harbour office", "Mill", "Branch north")
WITHIN_SECONDS = 60.0
CHECK_INS = 2
"""So often a site has been told of nothing new."""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostingTeam]:
    made = HostingTeam(tmp_path_factory.mktemp("team") / "hosting")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def sites(team: HostingTeam) -> Iterator[list[RunningSite]]:
    """Three sites of one hosting server; the tests of this file use them one after the other."""
    with running_sites(team, *NAMES) as made:
        yield made


def wait_for_check_ins(*sites: RunningSite) -> None:
    """Wait until each of the sites has checked in some times more."""
    wanted = [site.line.check_ins() + CHECK_INS for site in sites]
    wait_until(lambda: all(site.line.check_ins() >= count for site, count in zip(sites, wanted, strict=True)), WITHIN_SECONDS)


def test_a_new_scan_range_reaches_the_one_site_it_is_for(team: HostingTeam, sites: list[RunningSite]) -> None:
    harbour, *others = sites
    before = [(site.received, site.line.fetched()) for site in others]

    team.publish('{"scan": {"targets": ["127.0.77.0/29"]}}', "--site", harbour.name)
    published = time.monotonic()

    wait_until(lambda: harbour.received.in_force, WITHIN_SECONDS)
    assert harbour.value("scan.targets") == ["127.0.77.0/29"]
    wait_until(lambda: harbour.scanned() == 6, WITHIN_SECONDS - (time.monotonic() - published))
    wait_for_check_ins(*others)
    assert [(site.received, site.line.fetched()) for site in others] == before
    assert [site.value("scan.targets") for site in others] == [[], []]
    wait_until(lambda: "config/site/" in harbour.page())


def test_a_range_outside_the_guardrails_is_refused_as_a_whole(team: HostingTeam, sites: list[RunningSite]) -> None:
    harbour = sites[0]
    good = harbour.received.in_force

    team.publish('{"scan": {"targets": ["127.9.0.0/29"], "read_minutes": 17}}', "--site", harbour.name)

    wait_until(lambda: harbour.received.state == "refused", WITHIN_SECONDS)
    assert good is not None
    assert harbour.received.in_force is not None
    assert harbour.received.in_force.marker == good.marker
    assert (harbour.value("scan.targets"), harbour.value("scan.read_minutes")) == (["127.0.77.0/29"], 60)
    wait_until(lambda: "Refused: guardrail" in harbour.page(), WITHIN_SECONDS)
    assert "127.9.0.0/29" in harbour.page()
    fetched = harbour.line.fetched()
    wait_for_check_ins(harbour)
    assert harbour.line.fetched() == fetched, "what is refused is not fetched again"


def test_global_and_group_configuration_reach_whom_they_should_in_layers(team: HostingTeam, sites: list[RunningSite]) -> None:
    harbour, mill, north = sites
    team.command("site", "set", north.name, "--group", "north")
    team.publish('{"scan": {"read_minutes": 30, "sweep_minutes": 300}}', "--global")
    team.publish('{"scan": {"read_minutes": 20}}', "--group", "north")
    team.publish('{"scan": {"targets": ["127.0.78.0/30"]}}', "--site", harbour.name)

    def minutes(site: RunningSite) -> tuple[Any, Any]:
        return site.value("scan.read_minutes"), site.value("scan.sweep_minutes")

    wait_until(lambda: [minutes(site) for site in sites] == [(30, 300), (30, 300), (20, 300)], WITHIN_SECONDS)
    wait_until(lambda: harbour.value("scan.targets") == ["127.0.78.0/30"], WITHIN_SECONDS)
    assert [site.value("scan.targets") for site in (mill, north)] == [[], []]
    paths = [[layer.path for layer in site.received.in_force.layers] for site in (mill, north) if site.received.in_force]
    assert paths == [
        ["config/global/all.json"],
        ["config/global/all.json", "config/group/north.json", f"config/site/{north.site_id}.json"],
    ]


def test_a_configuration_under_which_the_collector_dies_is_taken_back(team: HostingTeam, sites: list[RunningSite]) -> None:
    mill = sites[1]
    team.publish('{"scan": {"read_minutes": 41}}', "--site", mill.name)
    wait_until(lambda: mill.update["trial_until"] and mill.value("scan.read_minutes") == 41, WITHIN_SECONDS)
    proven = mill.received.earlier[:1]
    collector = mill.wait_running()

    os.kill(collector, signal.SIGKILL)

    wait_until(lambda: mill.received.outcomes[0].what == "restored", WITHIN_SECONDS)
    assert mill.received.in_force == (proven[0] if proven else None)
    assert mill.value("scan.read_minutes") != 41
    mill.wait_running(after=collector)
    wait_until(lambda: "was taken back" in mill.page(), WITHIN_SECONDS)


def test_with_the_update_off_nothing_is_fetched_and_nothing_changes(team: HostingTeam, sites: list[RunningSite]) -> None:
    north = sites[2]
    north.command("settings", "set", "update.level=off")
    before, minutes = north.received, north.value("scan.read_minutes")
    fetched = north.line.fetched()

    team.publish('{"scan": {"read_minutes": 51}}', "--site", north.name)
    wait_for_check_ins(north)

    assert north.line.fetched() == fetched
    assert north.received == before
    assert north.value("scan.read_minutes") == minutes
