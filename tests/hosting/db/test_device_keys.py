"""Keys of devices that no address shows: the page of one that was stored opens, and new ones are refused."""

import html
import re

import pytest

from appliance.report import Batch
from hosting.db.intake import changes, readings
from hosting.db.tables import reading as reading_table
from tests.hosting.batches import batch, reading
from tests.hosting.db.test_changes import change
from tests.hosting.db.test_changes import changes as batch_of_changes
from tests.hosting.db.test_events import happened
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site


def store(server: RunningServer, site: Site, key: str) -> None:
    """Keep a reading as an earlier version of this server did, which took any key."""
    taken = Batch.model_validate(batch(reading(key, model="The one")))
    server.write(lambda connection: readings.take_in(connection, site.site_id, taken, changes.Rebuilt()))


@pytest.mark.parametrize(
    "key", ["serial:A:\x01", "serial:A:\x1b[1m7", "serial:A:1\x7f", " serial:A:1\t", "serial:A:1\n", "mac:\x9b"]
)
def test_the_page_of_a_stored_device_opens_from_the_list(server: RunningServer, site: Site, person: Person, key: str) -> None:
    store(server, site, key)
    [link] = {html.unescape(found) for found in re.findall(r'href="(/device\?[^"]+)"', person.get("/devices").text)}

    page = person.get(link)

    assert page.status == 200
    assert "The one" in page.text


@pytest.mark.parametrize("control", ["\x01", "\x1b", "\t", "\n", "\x7f", "\x9b"])
def test_a_key_with_a_control_character_is_refused(server: RunningServer, site: Site, control: str) -> None:
    key = f"serial:A:{control}1"
    for path, sent in (
        ("readings.0.device.key", batch(reading(key))),
        ("changes.0.device", batch_of_changes(change(reading(hours=1), reading()) | {"device": key})),
        ("events.0.device", batch() | {"events": [happened(key=key)]}),
    ):
        answer = site.upload(sent)
        assert (answer.status, answer.json()["error"]) == (422, "does_not_fit"), path
        assert answer.json()["message"] == f"{path}: it contains a control character."
    assert server.count(reading_table) == 0


def test_other_characters_are_taken(server: RunningServer, site: Site) -> None:
    assert site.upload(batch(reading("serial:ÄCME:ü 1\u00a0"))).status == 200
    assert server.count(reading_table) == 1
