"""Receiving what is offered about versions: by the same process, in the same refresh as configuration."""

from datetime import UTC, datetime
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Targets

from appliance.common.version import installed_version
from appliance.release import (
    ROLLOUT_PATH,
    Catalogue,
    ChannelRollout,
    Offer,
    Platform,
    Release,
    Rollout,
    catalogue_path,
    rollout_marker,
    write_catalogue,
    write_rollout,
)
from tests.updater.configured import ConfiguredSite
from tests.updater.transactions import transaction
from tests.updater.tuf_repository import in_days
from updater.records import offered
from updater.records.journal import Journal
from updater.records.offered import Offered

CONFIG = "sha256:" + "c" * 64


def release(version: str, counter: int) -> Release:
    platforms = {"linux/amd64": Platform(CONFIG, 1000, archive=f"release/{version}-linux-amd64.tar.gz")}
    return Release(version, counter, datetime(2026, 11, 1, tzinfo=UTC), platforms, notes=f"Notes of {version}.")


CATALOGUE = Catalogue("stable", (release(installed_version(), 6), release("9.9.0", 7)))
ROLLOUT = Rollout(3, {"stable": ChannelRollout(Offer("9.9.0", 7)), "beta": ChannelRollout(Offer("9.9.1", 8))})


@pytest.fixture
def offering_site(configured_site: ConfiguredSite) -> ConfiguredSite:
    """A site whose hosting team has a role for releases, and has published one."""
    delegations = configured_site.repository.targets.delegations
    assert delegations is not None
    assert delegations.roles is not None
    before = dict(delegations.roles)
    signer = CryptoSigner.generate_ed25519()
    configured_site.repository.delegate("targets", {"release": "release/*"}, signer)
    added = configured_site.repository.targets.delegations
    assert added is not None
    assert added.roles is not None
    added.roles.update(before)
    added.keys.update(delegations.keys)
    publish(configured_site)
    return configured_site


def publish(site: ConfiguredSite, catalogue: bytes | None = None, rollout: bytes | None = None) -> bytes:
    content = write_rollout(ROLLOUT) if rollout is None else rollout
    site.repository.add_target(catalogue_path("stable"), write_catalogue(CATALOGUE) if catalogue is None else catalogue, "release")
    site.repository.add_target(ROLLOUT_PATH, content, "globalcfg")
    site.repository.publish()
    return content


def received(site: ConfiguredSite) -> Offered:
    found = offered.read(site.paths.update)
    assert found is not None
    return found


def test_one_check_brings_configuration_and_versions(offering_site: ConfiguredSite) -> None:
    offering_site.publish({"scan": {"read_minutes": 30}}, group="big")

    result = offering_site.check()

    found = received(offering_site)
    assert result.what == "applied", result
    assert found.rollout_marker == rollout_marker(write_rollout(ROLLOUT))
    assert found.catalogue == CATALOGUE
    assert found.rollout == Rollout(3, {"stable": ROLLOUT.channels["stable"]})
    assert (found.group, found.floor, found.problem) == ("big", 6, "")
    assert offering_site.server.requests.count("metadata/timestamp.json") == 1


def test_documents_that_are_known_are_not_fetched_again(offering_site: ConfiguredSite) -> None:
    offering_site.check()
    offering_site.server.requests.clear()

    offering_site.check()

    assert offering_site.server.requests == ["metadata/2.root.json", "metadata/timestamp.json"]
    assert received(offering_site).catalogue == CATALOGUE


@pytest.mark.parametrize("level", ["config", "off"])
def test_a_site_that_takes_no_versions_does_not_ask_for_them(offering_site: ConfiguredSite, level: str) -> None:
    offering_site.store.change_site({"update": {"level": level}})

    offering_site.check()

    assert offered.read(offering_site.paths.update) is None
    assert not [path for path in offering_site.server.requests if "rollout" in path or "stable" in path]


def test_a_withdrawn_version_is_offered_no_more_and_its_counter_stays(offering_site: ConfiguredSite) -> None:
    offering_site.check()
    publish(offering_site, catalogue=write_catalogue(Catalogue("stable", (release("9.9.0", 7),))))

    offering_site.check()

    found = received(offering_site)
    assert found.catalogue is not None
    assert [each.version for each in found.catalogue.releases] == ["9.9.0"]
    assert found.floor == 6


@pytest.mark.parametrize(
    ("catalogue", "rollout", "said"),
    [
        (b'{"format": 2}', None, "format"),
        (write_catalogue(Catalogue("beta", ())), None, "another channel"),
        (b" " * 300_000, None, "more than the"),
        (None, b"[]", "format"),
        (None, b" " * 300_000, "more than the"),
    ],
)
def test_what_cannot_be_used_is_told_and_configuration_goes_on(
    offering_site: ConfiguredSite, catalogue: bytes | None, rollout: bytes | None, said: str
) -> None:
    content = publish(offering_site, catalogue, rollout)
    offering_site.publish({"scan": {"read_minutes": 30}})

    result = offering_site.check()

    found = received(offering_site)
    assert result.what == "applied", result
    assert (found.catalogue, found.rollout) == (None, None)
    assert said in found.problem
    if len(content) < 300_000:
        assert found.rollout_marker == rollout_marker(content)


def test_an_expired_list_of_releases_stops_versions_and_no_configuration(offering_site: ConfiguredSite) -> None:
    targets = offering_site.repository.delegated["release"]
    assert isinstance(targets, Targets)
    targets.expires = in_days(-1)
    offering_site.publish({"scan": {"read_minutes": 30}})

    result = offering_site.check()

    assert result.what == "applied", result
    assert received(offering_site).catalogue is None
    assert received(offering_site).problem.startswith("release.json was refused: it is no longer valid.")


def test_what_cannot_be_fetched_leaves_what_was_offered(offering_site: ConfiguredSite) -> None:
    offering_site.check()
    before = received(offering_site)
    publish(offering_site, catalogue=write_catalogue(Catalogue("stable", (release("9.9.9", 9),))))
    path = next(path for path in reversed(offering_site.server.files) if path.endswith(".stable.json"))
    offering_site.server.behaviours[path] = lambda handler: handler.send_error(503)

    assert offering_site.check().ok

    found = received(offering_site)
    assert (found.catalogue, found.rollout, found.rollout_marker) == (before.catalogue, before.rollout, before.rollout_marker)
    assert "503" in found.problem


TRIAL = {"from_version": "0.0.1", "from_counter": 5, "to_release": {"version": installed_version(), "counter": 6}}
TRIED = {"from_version": installed_version(), "from_counter": 4, "to_release": {"version": "9.9.0", "counter": 7}}
GONE_BACK = {"from_version": "9.9.0", "from_counter": 7, "to_release": {"version": installed_version(), "counter": 4}}


@pytest.mark.parametrize(
    ("phase", "changes", "floor"),
    [
        ("switching", TRIAL, 5),
        ("rolling_back", TRIAL, 5),
        ("committed", TRIAL, 6),
        ("done", TRIAL, 6),
        (
            "rolled_back",
            {"from_version": installed_version(), "from_counter": 4, "to_release": {"version": "9.9.0", "counter": 7}},
            4,
        ),
        ("done", {"from_version": "9.9.0", "from_counter": 7, "to_release": {"version": installed_version(), "counter": 4}}, 4),
    ],
    ids=["on trial", "on its way back", "committed", "installed", "taken back", "gone back from by hand"],
)
def test_the_floor_is_that_of_the_version_that_stays(
    offering_site: ConfiguredSite, phase: Any, changes: dict[str, Any], floor: int
) -> None:
    """The list names the version that runs no more, but for one on trial; the floor of a version that was tried is none."""
    on_trial = phase in ("switching", "rolling_back", "committed") or floor == 6
    running = [release(installed_version(), 6)] if on_trial else []
    publish(offering_site, write_catalogue(Catalogue("stable", (*running, release("9.9.0", 7)))))
    offered.write(offering_site.paths.update, Offered("2026-11-01T00:00:00Z", floor=7 if floor == 4 else 5))
    Journal(offering_site.paths.update).write(transaction(phase=phase, **changes))
    offering_site.check()
    found = offered.read(offering_site.paths.update)
    assert found is not None
    assert found.floor == floor
