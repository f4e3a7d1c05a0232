"""One change of a rollout at a time, and what it is called."""

from dataclasses import replace

import pytest

from appliance.common.clock import utc_now
from appliance.release import Catalogue, ChannelRollout, Offer, Rollout
from hosting.errors import ConfigurationError
from hosting.releases.images import PlatformImage, RegistryImage
from hosting.releases.new_release import Wishes, make_release, with_release
from hosting.releases.rollout import Audience, Wish, changed, difference

from .published import DIGEST

IMAGE = RegistryImage("registry.example.com/dca", DIGEST, {"linux/amd64": PlatformImage(DIGEST, DIGEST, 1)})
ALL, GROUP, SITE = Audience("stable"), Audience("stable", group="first"), Audience("stable", site_id="one")


def catalogue(*counters: int) -> Catalogue:
    made = make_release(Wishes("0.2.0"), IMAGE, [], utc_now())
    found = Catalogue()
    for counter in counters:
        found = with_release(found, replace(made, version=f"0.{counter}.0", counter=counter), counter - 1)
    return found


def words(before: Rollout, after: Rollout) -> list[tuple[str, str, str]]:
    return [(change.name, change.before, change.after) for change in difference(before, after, {"one": "Mill"})]


def test_a_new_version_begins_with_its_own_first_sites() -> None:
    first = changed(Rollout(0), ALL, Wish(version="0.1.0", percent=100), catalogue(1, 2))
    second = changed(first, ALL, Wish(version="0.2.0", percent=5), catalogue(1, 2))

    assert second.channels["stable"].default == Offer("0.2.0", 2, 5, "0.2.0")
    assert words(first, second) == [("stable, all sites", "0.1.0 to 100 %", "0.2.0 to 5 %")]


def test_a_larger_share_keeps_the_sites_that_were_first() -> None:
    first = changed(Rollout(0), ALL, Wish(version="0.2.0", percent=5), catalogue(2))
    second = changed(first, ALL, Wish(percent=50), None)

    assert second.channels["stable"].default == Offer("0.2.0", 2, 50, "0.2.0")


def test_a_version_that_was_given_again_is_another_release() -> None:
    again = replace(catalogue(7), releases=(replace(catalogue(7).releases[0], version="0.2.0"),))
    before = Rollout(1, {"stable": ChannelRollout(Offer("0.2.0", 2, 50, "0.2.0", paused=True))})

    after = changed(before, ALL, Wish(version="0.2.0", percent=50, paused=True), again)
    assert after.channels["stable"].default == Offer("0.2.0", 7, 50, "0.2.0", paused=True)
    [(_, then, now)] = words(before, after)
    assert (then, now) == ("0.2.0 to 50 %, paused (number 2)", "0.2.0 to 50 %, paused (number 7)")
    resumed = changed(before, ALL, Wish(paused=False), again).channels["stable"].default
    assert resumed == Offer("0.2.0", 2, 50, "0.2.0")


def test_a_withdrawn_release_can_be_paused_and_held_but_not_offered_anew() -> None:
    before = Rollout(1, {"stable": ChannelRollout(Offer("0.2.0", 2, 50, "0.2.0"))})

    assert changed(before, ALL, Wish(paused=True), None).channels["stable"].default == Offer("0.2.0", 2, 50, "0.2.0", None, True)
    assert changed(before, ALL, Wish("hold"), None).channels == {}
    with pytest.raises(ConfigurationError, match="no release"):
        changed(before, SITE, Wish(version="0.2.0"), None)


def test_what_is_said_of_one_audience_leaves_the_others_alone() -> None:
    everybody = changed(Rollout(0), ALL, Wish(version="0.1.0", percent=10), catalogue(1, 2))
    group = changed(everybody, GROUP, Wish(version="0.2.0"), catalogue(1, 2))
    site = changed(group, SITE, Wish("hold"), None)

    assert words(everybody, group) == [("stable, group first", "as others", "0.2.0 to 100 %")]
    assert words(group, site) == [("stable, site Mill", "as others", "nothing")]
    assert site.channels["stable"].default == everybody.channels["stable"].default
    assert changed(changed(site, SITE, Wish("unpin"), None), GROUP, Wish("unpin"), None) == everybody


def test_other_channels_stay_as_they_are() -> None:
    beta = Rollout(4, {"beta": ChannelRollout(Offer("0.9.0", 9))})
    after = changed(beta, ALL, Wish(version="0.1.0", percent=10), catalogue(1))

    assert after.channels["beta"] == beta.channels["beta"]
