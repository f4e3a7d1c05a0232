"""The rollout: who is offered what, and each way in which a rollout is refused."""

import hashlib
import json
from datetime import UTC, datetime

import pytest

from appliance.release import (
    ROLLOUT_BYTES,
    Offer,
    ReleaseError,
    in_cohort,
    offer_for,
    parse_rollout,
    rollout_marker,
    version_key,
    write_rollout,
)
from tests.appliance.release.made import offer, rollout


def test_a_rollout_is_read_as_it_was_written() -> None:
    content = rollout(
        default=offer(not_before="2026-12-01T22:00:00+01:00"),
        groups={"big-sites": None, "first": offer(percent=100)},
        sites={"Abc_1-2": offer(paused=True), "held": None},
    )
    found = parse_rollout(content)

    assert found.version == 3
    assert found.channels["stable"].default == Offer("0.2.0", 7, 50, "0.2.0", datetime(2026, 12, 1, 21, 0, tzinfo=UTC))
    assert parse_rollout(write_rollout(found)) == found


def test_the_most_specific_offer_wins_and_null_holds_back() -> None:
    found = parse_rollout(
        rollout(
            default=offer(version="0.2.0"),
            groups={"first": offer(version="0.3.0"), "later": None},
            sites={"pinned": offer(version="0.1.0"), "held": None},
        )
    )

    def version(group: str | None, site_id: str, channel: str = "stable") -> str | None:
        offered = offer_for(found, channel, group, site_id)
        return None if offered is None else offered.version

    assert version(None, "any") == "0.2.0"
    assert version("another", "any") == "0.2.0"
    assert version("first", "any") == "0.3.0"
    assert version("later", "any") is None
    assert version("first", "pinned") == "0.1.0"
    assert version("first", "held") is None
    assert version("first", "any", "beta") is None


def test_a_cohort_has_its_share_and_keeps_who_is_in_it() -> None:
    sites = [f"site-{number}" for number in range(10_000)]
    tenth = {site for site in sites if in_cohort("0.2.0", site, 10)}
    half = {site for site in sites if in_cohort("0.2.0", site, 50)}

    assert 900 < len(tenth) < 1100
    assert tenth < half
    assert not any(in_cohort("0.2.0", site, 0) for site in sites)
    assert all(in_cohort("0.2.0", site, 100) for site in sites)
    assert tenth != {site for site in sites if in_cohort("0.3.0", site, 10)}


def test_the_marker_is_of_the_file_as_it_was_published() -> None:
    assert rollout_marker(None) == "none"
    assert rollout_marker(b"{}") == hashlib.sha256(b"{}").hexdigest()[:16]


@pytest.mark.parametrize(
    ("content", "reason", "named"),
    [
        (b" " * (ROLLOUT_BYTES + 1), "too long", "262145"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "too deep", "32 levels"),
        (b"nothing", "not json", "The rollout"),
        (b'{"format": 2}', "format", "newer appliance"),
        (json.dumps({"format": 1, "version": 0, "channels": {}}).encode(), "invalid", "version"),
        (json.dumps({"format": 1, "version": 1, "channels": []}).encode(), "format", "channels"),
        (json.dumps({"format": 1, "version": 1, "channels": {"A": {}}}).encode(), "format", "'A'"),
        (json.dumps({"format": 1, "version": 1, "channels": {f"c{n}": {} for n in range(17)}}).encode(), "invalid", "16"),
        (rollout(everyone=None), "format", "everyone"),
        (rollout(default=[]), "format", "default"),
        (rollout(groups={"Big sites": None}), "format", "Big sites"),
        (rollout(sites={"../x": None}), "format", "../x"),
        (rollout(default=offer(percent=101)), "invalid", "percent"),
        (rollout(default=offer(percent=0.5)), "invalid", "percent"),
        (rollout(default=offer(seed="")), "invalid", "seed"),
        (rollout(default=offer(seed="a|b")), "invalid", "seed"),
        (rollout(default=offer(not_before="soon")), "invalid", "not_before"),
        (rollout(default=offer(paused=None)), "invalid", "paused"),
        (rollout(default=offer(speed=1)), "format", "speed"),
        (rollout(sites={"site": offer(version="")}), "invalid", "sites site"),
    ],
)
def test_a_rollout_is_refused_with_its_reason(content: bytes, reason: str, named: str) -> None:
    with pytest.raises(ReleaseError) as caught:
        parse_rollout(content)
    assert caught.value.reason == reason, caught.value
    assert named in str(caught.value)


def test_versions_are_compared_as_people_mean_it() -> None:
    rising = ["0.9.9", "0.10.0.dev1", "0.10.0a1", "0.10.0a2", "0.10.0b1", "0.10.0rc1", "0.10.0", "0.10.0.post1", "0.10.1", "1.0.0"]

    assert sorted(set(rising), key=version_key) == rising
    assert version_key("0.2.0+test") == version_key("0.2.0")


@pytest.mark.parametrize("text", ["", "1", "1.2", "v1.2.3", "1.2.3-rc1", "1.2.3.4", "1.2.x", "1.2.3 ", "1.2.³"])
def test_what_is_no_version_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no version"):
        version_key(text)
