"""The control sample of the gate: whether the version before can bring itself up to date at the hosting server."""

from dataclasses import replace

from tests.updater.configured import ConfiguredSite
from tests.updater.transactions import transaction
from tests.updater.tuf_repository import in_days
from updater.replacement.gate_observer import reaches_hosting


def reaches(site: ConfiguredSite) -> bool:
    return reaches_hosting(site.paths, replace(transaction(), hosting_url=site.server.url), frozenset({"refresh"}))


def test_a_server_that_answers_is_reached_and_what_is_trusted_here_stays_as_it_is(configured_site: ConfiguredSite) -> None:
    configured_site.check()
    before = configured_site.files()
    configured_site.publish({"scan": {"read_minutes": 30}})

    assert reaches(configured_site)
    assert configured_site.files() == before
    assert (configured_site.trust / "timestamp.json").read_bytes() != configured_site.server.files["metadata/timestamp.json"]


def test_a_server_that_does_not_answer_is_not_reached(configured_site: ConfiguredSite) -> None:
    configured_site.server.behaviours["metadata/timestamp.json"] = lambda handler: handler.send_error(503)

    assert not reaches(configured_site)


def test_signatures_that_have_expired_are_not_the_fault_of_the_new_version(configured_site: ConfiguredSite) -> None:
    configured_site.repository.timestamp.expires = in_days(-1)
    configured_site.repository.publish()

    assert not reaches(configured_site)
