"""A site whose time is over, or that is deactivated, is turned away with the reason, and served again when it may be."""

from datetime import timedelta

import pytest

from appliance.common.clock import utc_now
from hosting.db import sites
from hosting.db.contact import CONTACTS, Contact, contact, contact_is, is_turned_away
from hosting.db.sites import SiteQuery
from tests.hosting.batches import batch
from tests.hosting.running import RunningServer
from tests.hosting.site import Site


def test_a_deactivated_site_is_turned_away_until_it_is_activated(server: RunningServer, site: Site) -> None:
    server.write(lambda connection: sites.set_deactivated(connection, site.site_id, True, actor="test"))
    assert (site.check_in().status, site.check_in().json()["error"]) == (403, "deactivated")
    assert site.upload(batch()).json()["error"] == "deactivated"
    server.write(lambda connection: sites.set_deactivated(connection, site.site_id, False, actor="test"))
    assert site.check_in().status == 200


def test_a_site_is_turned_away_when_its_time_is_over(server: RunningServer, site: Site) -> None:
    future, past = utc_now() + timedelta(days=1), utc_now() - timedelta(seconds=1)
    server.write(lambda connection: sites.set_expiry(connection, site.site_id, future, actor="test"))
    assert site.check_in().status == 200
    server.write(lambda connection: sites.set_expiry(connection, site.site_id, past, actor="test"))
    assert (site.check_in().status, site.check_in().json()["error"]) == (403, "expired")
    server.write(lambda connection: sites.set_expiry(connection, site.site_id, None, actor="test"))
    assert site.check_in().status == 200


@pytest.mark.parametrize("word", CONTACTS)
def test_the_lists_look_for_sites_by_the_word_they_show(server: RunningServer, word: Contact) -> None:
    now = utc_now()
    ids = {}
    for name in ("online", "revoked", "deactivated", "expired"):
        site = Site(server).enrol(name)
        site.check_in()
        ids[name] = site.site_id
    server.write(lambda connection: sites.set_revoked(connection, ids["revoked"], True, actor="test"))
    server.write(lambda connection: sites.set_deactivated(connection, ids["deactivated"], True, actor="test"))
    for name in ("expired", "revoked"):
        server.write(lambda connection, site_id=ids[name]: sites.set_expiry(connection, site_id, now, actor="test"))  # type: ignore[misc]
    server.code("never")
    found, _ = server.read(lambda connection: sites.find_sites(connection, SiteQuery(where=(contact_is(word, now, 60),))))
    assert [site.name for site in found.rows] == ([word] if word not in ("late", "lost") else [])
    assert all(contact(site, now, 60) == word for site in found.rows)
    _, quiet = server.read(lambda connection: sites.find_sites(connection, SiteQuery(where=(is_turned_away(now),))))
    assert quiet.number == 3
