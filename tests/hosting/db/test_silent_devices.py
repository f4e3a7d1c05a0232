"""A device that is silent is not what it said last: in the lists, their filters, their counts and their order."""

import re

from hosting.db import fleet
from hosting.db.lists import devices
from hosting.db.lists.devices import DeviceQuery
from tests.hosting.batches import batch, reading
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

SILENT, WELL = "serial:ACME:1", "serial:ACME:2"


def upload(site: Site) -> None:
    """Send a device that was read ten days ago and one of just now, both ready."""
    assert site.upload(batch(reading(SILENT, hours=10 * 24 + 1), reading(WELL))).status == 200


def keys(server: RunningServer, query: DeviceQuery) -> list[str]:
    """Return the devices of a query, in its order."""
    part, count = server.read(lambda connection: devices.devices(connection, query))
    assert count.is_exact
    assert count.number == len(part.rows)
    return [row.device_key for row in part.rows]


def test_silence_is_a_condition_of_its_own_in_filters_counts_and_order(server: RunningServer, site: Site) -> None:
    upload(site)

    assert keys(server, DeviceQuery(condition="silent")) == [SILENT]
    assert keys(server, DeviceQuery(condition="ok")) == [WELL]
    assert keys(server, DeviceQuery(sort="condition")) == [SILENT, WELL]
    assert server.read(fleet.count_devices) == {"silent": 1, "ok": 1}
    assert server.read(lambda connection: fleet.counts_by_site(connection, [site.site_id])) == {
        site.site_id: {"silent": 1, "ok": 1}
    }


def test_the_pages_say_so(server: RunningServer, site: Site, person: Person) -> None:
    upload(site)

    assert "Silent for 10 days" in person.get("/devices?condition=silent").text
    sites = re.sub(r"<[^>]+>", "", person.get("/sites").text)
    assert "1 silent" in sites
    assert "1 needs attention" in sites
