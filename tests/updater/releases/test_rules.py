"""Whether a version that is offered is installed here, and what it waits for."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from appliance.release import Catalogue, ChannelRollout, Offer, Platform, Release, Rollout, in_cohort
from updater.records.denied import Denied
from updater.releases.rules import Here, decide, installed_counter

CONFIG = "sha256:" + "c" * 64
NOW = datetime(2026, 11, 26, 23, 30, tzinfo=timezone(timedelta(hours=1)))
HERE = Here(
    site_id="5f0c2b1e",
    group="big",
    channel="stable",
    version="0.1.0",
    counter=1,
    platform="linux/amd64",
    api="1.41",
    level="auto",
    image_updates="possible",
    hold_until=None,
    window_open=True,
    approved=None,
    denied=(),
    now=NOW,
)
OFFER = Offer("0.2.0", 2)


def release(version: str = "0.2.0", counter: int = 2, **changes: Any) -> Release:
    platforms = {"linux/amd64": Platform(CONFIG, 1000, archive=f"release/{version}-linux-amd64.tar.gz")}
    return replace(Release(version, counter, datetime(2026, 11, 1, tzinfo=UTC), platforms), **changes)


def catalogue(*releases: Release) -> Catalogue:
    return Catalogue("stable", releases)


def rollout(default: Offer | None = OFFER, **more: Any) -> Rollout:
    return Rollout(1, {"stable": ChannelRollout(default, **more)})


STANDARD = catalogue(release("0.1.0", 1), release())


def test_what_both_name_is_due() -> None:
    decision = decide(STANDARD, rollout(), HERE)

    assert (decision.state, decision.release, decision.waits) == ("due", STANDARD.releases[1], ())


@pytest.mark.parametrize(
    ("offer", "of_release", "here", "waits"),
    [
        ({"paused": True}, {}, {}, "paused"),
        ({"not_before": NOW + timedelta(minutes=1)}, {}, {}, "not before"),
        ({"percent": 0}, {}, {}, "cohort"),
        ({}, {"min_version": "0.1.1"}, {}, "version"),
        ({}, {"min_engine_api": "1.44"}, {}, "engine"),
        ({}, {}, {"platform": "linux/arm64"}, "platform"),
        ({}, {}, {"denied": (Denied(CONFIG, "0.2.0", 2, "", "unhealthy"),)}, "denied"),
        ({}, {}, {"image_updates": "no socket"}, "cannot"),
        ({}, {}, {"level": "config"}, "level"),
        ({}, {}, {"level": "notify"}, "approval"),
        ({}, {}, {"window_open": False}, "window"),
        ({}, {}, {"hold_until": date(2026, 11, 26)}, "hold"),
        ({}, {}, {"counter": 3}, "downgrade"),
        ({}, {}, {"counter": 0, "version": "0.3.0"}, "downgrade"),
    ],
)
def test_each_reason_to_wait_is_told(offer: dict[str, Any], of_release: dict[str, Any], here: dict[str, Any], waits: str) -> None:
    offered = rollout(replace(OFFER, **offer))

    decision = decide(catalogue(release(**of_release)), offered, replace(HERE, **here))

    assert (decision.state, decision.waits) == ("available", (waits,))
    assert decision.release is not None
    assert "Version 0.2.0" in decision.text


@pytest.mark.parametrize(
    ("of_release", "here"),
    [
        ({"min_version": "0.1.0"}, {}),
        ({"min_engine_api": "1.9"}, {"api": "1.41"}),  # as numbers, not as text
        ({}, {"hold_until": date(2026, 11, 25)}),
        ({"allow_downgrade_from": 3}, {"counter": 3, "version": "0.3.0"}),
        ({}, {"denied": (Denied("sha256:other", "0.2.0", 1, "", "unhealthy"),)}),  # an earlier build of that version
        ({}, {"level": "notify", "window_open": False, "hold_until": date(2027, 1, 1), "approved": "0.2.0"}),
    ],
)
def test_what_is_no_reason_to_wait(of_release: dict[str, Any], here: dict[str, Any]) -> None:
    assert decide(catalogue(release(**of_release)), rollout(), replace(HERE, **here)).state == "due"


def test_an_approval_is_for_one_version_and_overrules_only_the_site() -> None:
    other = decide(STANDARD, rollout(), replace(HERE, level="notify", approved="0.1.9"))
    of_the_team = decide(STANDARD, rollout(replace(OFFER, paused=True, percent=0)), replace(HERE, approved="0.2.0"))

    assert (other.waits, of_the_team.waits) == (("approval",), ("paused", "cohort"))


def test_what_a_person_has_brought_waits_for_no_turn_but_for_all_else() -> None:
    here = replace(HERE, brought=True, approved="0.2.0", level="notify")
    later = replace(OFFER, percent=0, not_before=NOW + timedelta(days=1))

    assert decide(STANDARD, rollout(later), here).state == "due"
    assert decide(STANDARD, rollout(replace(later, paused=True)), here).waits == ("paused",)
    assert decide(STANDARD, rollout(later), replace(here, platform="linux/arm64", level="config")).waits == ("platform", "level")


def test_the_hosting_team_cannot_go_further_back_than_it_signed() -> None:
    back = release(allow_downgrade_from=3)

    decision = decide(catalogue(back, release("0.4.0", 4)), rollout(), replace(HERE, version="0.4.0", counter=4))

    assert decision.waits == ("downgrade",)


@pytest.mark.parametrize(
    ("signed", "offered"),
    [
        (catalogue(release("0.1.0", 1)), rollout()),
        (catalogue(release(counter=3)), rollout()),
        (STANDARD, None),
        (STANDARD, rollout(None)),
        (STANDARD, Rollout(1, {"beta": ChannelRollout(OFFER)})),
        (STANDARD, rollout(Offer("0.1.0", 1))),
    ],
)
def test_without_both_nothing_is_offered(signed: Catalogue, offered: Rollout | None) -> None:
    decision = decide(signed, offered, HERE)

    assert (decision.state, decision.release, decision.waits) == ("none", None, ())


def test_the_most_specific_offer_counts_and_null_holds_back() -> None:
    held = decide(STANDARD, rollout(sites={HERE.site_id: None}, groups={"big": OFFER}), HERE)
    of_group = decide(STANDARD, rollout(None, groups={"big": OFFER}), HERE)

    assert (held.state, held.waits) == ("none", ("site held",))
    assert of_group.state == "due"


def test_a_growing_percentage_keeps_those_who_had_it() -> None:
    sites = [f"site-{number}" for number in range(2000)]
    cohorts = [{site for site in sites if in_cohort("s", site, percent)} for percent in (1, 10, 50, 100)]

    assert all(smaller < larger for smaller, larger in pairwise(cohorts))
    assert len(cohorts[3]) == 2000
    assert 850 < len(cohorts[2]) < 1150


def test_the_counter_of_a_withdrawn_version_stays_known() -> None:
    assert installed_counter(STANDARD, "0.1.0", 0) == 1
    assert installed_counter(catalogue(release()), "0.1.0", 1) == 1
    assert installed_counter(None, "0.1.0", 5) == 5
