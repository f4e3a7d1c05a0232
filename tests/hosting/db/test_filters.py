"""A filter that cannot be honoured is told, never left out; sites are chosen by search, however many there are."""

import html
import re

import pytest
import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db import sites
from hosting.db.tables import site as site_table
from tests.hosting.batches import batch, reading
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site


@pytest.fixture
def last(server: RunningServer) -> Site:
    """Return a site with a device that stands behind 600 others, and beside one with a device of its own."""
    now = utc_now()
    many = [{"site_id": f"{number:036}", "name": f"Branch {number:03}", "created_at": now} for number in range(600)]
    server.write(lambda connection: connection.execute(sa.insert(site_table), many))
    for name in ("Zeppelin", "Zoo North"):
        site = Site(server).enrol(name)
        site.upload(batch(reading(f"serial:{name[:3].upper()}:1")))
    return site


def shown(page: str) -> set[str]:
    """Return the keys of the devices on a page."""
    return {html.unescape(key).replace("%3A", ":") for key in re.findall(r'href="/device\?[^"]*key=([^"&]+)', page)}


def test_a_site_behind_hundreds_of_others_stays_chosen(last: Site, person: Person) -> None:
    page = person.get(f"/devices?site={last.site_id}").text
    assert shown(page) == {"serial:ZOO:1"}
    [field] = re.findall(r'<input[^>]* name="site"[^>]*>', page)
    assert 'value="Zoo North"' in field
    assert shown(person.get("/devices?site=Zoo+North&condition=ok").text) == {"serial:ZOO:1"}, "what the form sends"
    assert shown(person.get("/devices?site=zoo").text) == {"serial:ZOO:1"}
    assert page.count("<option") < 100


def test_a_site_that_is_meant_by_no_one_or_by_several_is_told(last: Site, person: Person) -> None:
    none = person.get("/devices?site=Atlantis")
    assert (none.status, shown(none.text)) == (422, set())
    assert "No site has “Atlantis” in its name, so no device is shown." in none.text
    several = person.get("/devices?site=z")
    assert (several.status, shown(several.text)) == (422, set())
    links = [html.unescape(link) for link in re.findall(r'<li><a href="(/devices\?[^"]+)">Zoo North</a>', several.text)]
    assert shown(person.get(links[0]).text) == {"serial:ZOO:1"}


@pytest.mark.parametrize("address", ["/devices?condition=purple", "/sites?contact=purple", "/sites?show=purple"])
def test_a_filter_that_does_not_exist_is_told(server: RunningServer, person: Person, address: str) -> None:
    answer = person.get(address)
    assert answer.status == 422
    assert "purple is nothing that" in answer.text


def test_open_codes_come_page_by_page_and_are_searched(server: RunningServer, person: Person) -> None:
    def make(connection: sa.Connection) -> None:
        for number in range(120):
            sites.make_enrolment_code(connection, f"Branch {number:03}", days=7, actor="test")

    server.write(make)
    seen: set[str] = set()
    address = "/enrolment"
    for page in (1, 2, 3):
        text = person.get(address).text
        address = "".join(html.unescape(link) for link in re.findall(r'rel="next" href="([^"]+)"', text))
        found = set(re.findall(r">(Branch \d+)</a>", text))
        assert len(found) == (50 if page < 3 else 20)
        seen |= found
        assert "Not used yet (120)" in text
    assert len(seen) == 120
    found = set(re.findall(r">(Branch \d+)</a>", person.get("/enrolment?q=branch+07").text))
    assert found == {f"Branch {number:03}" for number in range(120) if "07" in f"{number:03}"}
    assert "No site fits this search." in person.get("/enrolment?q=nowhere").text
