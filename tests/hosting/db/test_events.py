"""Events of devices arrive once, stand on the page of their device, and join a device with its past."""

from typing import Any

import pytest
import sqlalchemy as sa

from hosting.db import fleet
from hosting.db.intake import events, readings
from hosting.db.tables import event as event_table
from tests.hosting.batches import batch, batch_id, moment, reading
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

KEY = "serial:ACME:1"


def happened(
    kind: str = "supply_low", *, key: str = KEY, hours: float = 0, text: str = "Toner is low.", **detail: Any
) -> dict[str, Any]:
    return {"id": batch_id(), "at": moment(hours=hours), "kind": kind, "device": key, "text": text, "detail": detail}


def kept(server: RunningServer, site: Site, key: str = KEY) -> list[events.DeviceEvent]:
    return server.read(lambda connection: events.of_device(connection, site.site_id, key, limit=50))


def test_events_are_kept_newest_first(server: RunningServer, site: Site) -> None:
    body = batch(reading(KEY)) | {"events": [happened(hours=2), happened("supply_replaced", text="Replaced.", new_percent=100)]}
    assert site.upload(body).json() == {"accepted": 1, "duplicate": 0, "changes": True}
    assert [(one.kind, one.text, one.detail) for one in kept(server, site)] == [
        ("supply_replaced", "Replaced.", {"new_percent": 100}),
        ("supply_low", "Toner is low.", {}),
    ]


def test_an_event_in_two_batches_is_kept_once(server: RunningServer, site: Site) -> None:
    same = happened()
    site.upload(batch() | {"events": [same]})
    site.upload(batch() | {"events": [same]})
    assert server.count(event_table) == 1


def test_a_batch_of_events_alone_is_taken_and_one_without_as_before(server: RunningServer, site: Site) -> None:
    assert site.upload(batch() | {"events": [happened()]}).json() == {"accepted": 0, "duplicate": 0, "changes": True}
    assert site.upload(batch(reading(KEY))).json() == {"accepted": 1, "duplicate": 0, "changes": True}
    assert server.count(event_table) == 1


def test_the_same_event_id_of_two_sites_is_two_events(server: RunningServer) -> None:
    same = happened()
    for name in ("Mill", "Port"):
        Site(server).enrol(name).upload(batch() | {"events": [same]})
    assert server.count(event_table) == 2


def test_an_event_that_does_not_fit_is_refused_by_its_path(server: RunningServer, site: Site) -> None:
    answer = site.upload(batch() | {"events": [happened() | {"id": "7"}]})
    assert answer.status == 422
    assert "events.0.id" in answer.json()["message"]
    assert site.upload(batch() | {"events": [happened(key="serial:A:\x00")]}).status == 422
    assert server.count(event_table) == 0


def test_the_page_of_a_device_lists_its_events(server: RunningServer, site: Site) -> None:
    site.upload(batch(reading(KEY)) | {"events": [happened(text="Acme Print 1: <Black> toner is low.")]})
    person = Person(server)
    person.log_in()
    page = person.get(f"/device?site={site.site_id}&key={KEY}").text
    assert "Acme Print 1: &lt;Black&gt; toner is low." in page


def test_a_device_that_was_identified_keeps_what_was_known_of_it(server: RunningServer, site: Site) -> None:
    former = "mac:001ba90ba752"
    site.upload(batch(reading(former, total=1, hours=2), reading(former, total=2, hours=1)) | {"events": [happened(key=former)]})
    identified = happened("device_identified", former_key=former, key=KEY)
    site.upload(batch(reading(KEY, total=3)) | {"events": [identified]})
    history = server.read(lambda connection: list(readings_of(connection, site.site_id, KEY)))
    assert history == [3, 2, 1]
    assert server.read(lambda connection: fleet.device(connection, site.site_id, former)) is None
    assert [one.kind for one in kept(server, site)] == ["device_identified", "supply_low"]
    site.upload(batch() | {"events": [identified]})
    assert server.read(lambda connection: list(readings_of(connection, site.site_id, KEY))) == [3, 2, 1]


def test_a_device_may_be_identified_before_its_next_reading_arrives(server: RunningServer, site: Site) -> None:
    former = "address:10.0.0.7"
    site.upload(batch(reading(former, total=1, hours=1)))
    site.upload(batch() | {"events": [happened("device_identified", former_key=former, key=KEY)]})
    site.upload(batch(reading(KEY, total=2)))
    assert server.read(fleet.count_devices) == {"ok": 1}
    assert server.read(lambda connection: readings_of(connection, site.site_id, KEY)) == [2, 1]


def readings_of(connection: sa.Connection, site_id: str, key: str) -> list[int]:
    return [item.meters["total"].value for item in readings.history(connection, site_id, key, limit=10)]


def test_a_meter_that_went_back_is_no_negative_number_of_pages(server: RunningServer, site: Site) -> None:
    site.upload(batch(reading(KEY, total=5000, hours=1), reading(KEY, total=10)))
    person = Person(server)
    person.log_in()
    page = person.get(f"/device?site={site.site_id}&key={KEY}").text
    assert "4\u202f990" not in page
    assert "5\u202f000" in page


def test_the_page_of_a_site_says_what_it_masks(server: RunningServer, site: Site) -> None:
    person = Person(server)
    person.log_in()
    assert "not told yet" in person.get(f"/sites/{site.site_id}").text
    site.check_in({"privacy": {"ip_address": "pseudonym", "phone_numbers": "mask", "fields": ["misc.printer_name"]}})
    assert "IP addresses (pseudonym), phone numbers, misc.printer_name" in person.get(f"/sites/{site.site_id}").text


@pytest.mark.parametrize("former", ["serial:UNKNOWN:1B2C", "serial:ENGINE:1B2C", "serial:ACME:001B2C"])
def test_a_device_that_a_site_finds_anew_under_another_maker_or_spelling_keeps_its_past(
    server: RunningServer, site: Site, former: str
) -> None:
    key = "serial:ACME:1B2C"
    address = "192.0.2.7"
    site.upload(batch(reading(former, total=1, hours=2, ip=address), reading("serial:ACME:9", total=7, ip=address)))
    new = happened("device_new", key=key, address=address)
    site.upload(batch(reading(key, total=2, ip=address)) | {"events": [new]})
    assert server.read(lambda connection: list(readings_of(connection, site.site_id, key))) == [2, 1]
    assert server.read(lambda connection: fleet.device(connection, site.site_id, former)) is None
    assert server.read(lambda connection: fleet.device(connection, site.site_id, "serial:ACME:9")) is not None


def test_the_same_number_at_another_address_is_another_device(server: RunningServer, site: Site) -> None:
    site.upload(batch(reading("serial:ENGINE:1B2C", total=1, hours=2, ip="192.0.2.7")))
    new = happened("device_new", key="serial:ACME:1B2C", address="192.0.2.250")
    site.upload(batch(reading("serial:ACME:1B2C", total=2)) | {"events": [new]})
    assert server.read(lambda connection: fleet.device(connection, site.site_id, "serial:ENGINE:1B2C")) is not None
