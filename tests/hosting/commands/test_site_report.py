"""Whatever a site says of itself and of its devices: it is taken or refused, and every page that shows it can still be opened."""

import json
from collections.abc import Iterator
from copy import deepcopy
from itertools import zip_longest
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from appliance.report import Reading
from appliance.report.changes import state_digest
from hosting.config import Config, Limits
from hosting.db import sites
from hosting.db.tables import device_latest, site_update
from hosting.db.tables import reading as reading_table
from hosting.db.tables import site as site_table
from tests.hosting.batches import batch, batch_id, reading
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

NONSENSE: tuple[Any, ...] = (
    None,
    10**400,
    "%(x)s %d %\x00\u202e\x1b[2J\x9b31m",
    "9999-12-31T23:59:59-23:59",
    "9998-12-31T23:59:59-23:59",
    [{}, []],
)
PAGES = ("/sites", "/devices", "/configuration", "/releases", "/enrolment")
STATE: dict[str, Any] = {
    "started_at": "2026-01-01T00:00:00Z",
    "collector": "idle",
    "devices": {"known": 1, "answering": 1},
    "outbox": {"readings": 1, "oldest_at": "2026-01-01T00:00:00Z"},
    "problems": [{"name": "a", "text": "b", "since": "2026-01-01T00:00:00Z"}],
    "health_check": True,
    "update": {
        "level": "auto",
        "support_bundle": True,
        "channel": "stable",
        "rollout": "m",
        "image": {
            "execution": "closed",
            "result": "failure",
            "version": "0.2.0",
            "from_version": "0.1.0",
            "transaction": "0123456789ab",
            "started_at": "2026-01-01T00:00:00Z",
            "seconds": 5,
            "reason": "r",
            "text": "t",
            "waits": ["level"],
            "log": "l",
        },
    },
    "configuration": {
        "marker": "m",
        "state": "kept",
        "layers": [{"path": "config/global/all.json", "version": 1, "sha256": "a" * 64}],
        "outcome": {"at": "2026-01-01T00:00:00Z", "what": "kept", "reason": "r", "text": "t"},
    },
    "privacy": {"ip_address": "pseudonym", "fields": ["a.b"]},
    "traffic": {"check_in": 5},
}
KEY = "serial:ACME:1"
READING: dict[str, Any] = {
    "schema": 1,
    "taken_at": "2026-01-01T00:00:00Z",
    "device": {"key": KEY, "ip": "a", "model": "b", "description": "c", "serial": "d", "location": "e", "color": True},
    "status": {"printer": "idle", "device": "running", "errors": ["noPaper"], "console": ["line"]},
    "alerts": [{"severity": "s", "group": "g", "code": "c", "location": 1, "description": "d", "since": "2026-01-01T00:00:00Z"}],
    "meters": {"total": {"value": 5, "unit": "impressions", "source": "s"}},
    "supplies": [
        {
            "index": "1",
            "type": "toner",
            "class": "supplyThatIsConsumed",
            "color": "black",
            "unit": "percent",
            "level": 5,
            "capacity": 100,
            "percent": 5.0,
            "state": "ok",
            "serial": "s",
            "source": "x",
        }
    ],
    "trays": [{"index": "1", "name": "n", "media": "m", "capacity": 1, "level": 1, "state": "ok"}],
    "misc": {"a": 1, "b": [1, {"c": None}]},
    "reasons": {"device.serial": "r"},
}
EVENT: dict[str, Any] = {
    "at": "2026-01-01T00:00:00Z",
    "kind": "device_moved",
    "device": KEY,
    "text": "t",
    "detail": {"former_key": "x"},
}


def places(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to each member of a JSON value."""
    if way:
        yield way
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places(member, (*way, name))


def spoiled(value: dict[str, Any], way: tuple[str | int, ...], nonsense: Any) -> dict[str, Any]:
    """Return a copy in which something else stands in one place."""
    copy = inner = deepcopy(value)
    for name in way[:-1]:
        inner = inner[name]  # type: ignore[index]
    inner[way[-1]] = nonsense  # type: ignore[index]
    return copy


def fits(told: dict[str, Any]) -> bool:
    """Return whether a server takes this reading."""
    try:
        Reading.model_validate_json(json.dumps(told))
    except ValidationError:
        return False
    return True


def device_page(site: Site, key: str) -> str:
    """Return the address of the page of a device."""
    return f"/device?{urlencode({'site': site.site_id, 'key': key})}"


@pytest.fixture(scope="module")
def patient_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Yield a server that takes any number of requests of a site."""
    running = RunningServer(Config(tmp_path_factory.mktemp("server"), limits=Limits(site_burst=1_000_000)))
    yield running
    running.stop()


@pytest.fixture
def talker(patient_server: RunningServer) -> Site:
    """Return a site of that server."""
    return Site(patient_server).enrol(f"Site {batch_id()}")


@pytest.fixture(scope="module")
def reader(patient_server: RunningServer) -> Person:
    """Return somebody who is logged in there."""
    somebody = Person(patient_server)
    assert somebody.log_in().status == 302
    return somebody


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda nonsense: repr(nonsense)[:30])
def test_whatever_a_site_says_of_itself_its_page_opens(talker: Site, reader: Person, nonsense: Any) -> None:
    # The parts of a state are read each for itself, so one place of each can be spoiled at once.
    ways = {part: [way for way in places(STATE) if way[0] == part] for part in STATE}
    for chosen in zip_longest(*ways.values()):
        state = STATE
        for way in filter(None, chosen):
            state = spoiled(state, way, nonsense)
        assert talker.check_in(state).status == 200, chosen
        assert reader.get(f"/sites/{talker.site_id}").status == 200, chosen
    for page in PAGES:
        assert reader.get(page).status == 200, page


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda nonsense: repr(nonsense)[:30])
def test_whatever_a_site_says_of_a_device_its_page_opens(talker: Site, reader: Person, nonsense: Any) -> None:
    told = [spoiled(READING, way, nonsense) for way in places(READING) if way[0] != "device"]
    told += [spoiled(READING, ("device", name), nonsense) for name in READING["device"] if name != "key"]
    fitting = [item for item in told if fits(item)]
    for number, item in enumerate(fitting):
        item["device"] = item["device"] | {"key": f"serial:ACME:{number}"}
    assert talker.upload(batch(*fitting)).status == 200
    for number in range(len(fitting)):
        assert reader.get(device_page(talker, f"serial:ACME:{number}")).status == 200, fitting[number]
    for page in (*PAGES, f"/sites/{talker.site_id}"):
        assert reader.get(page).status == 200, page


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda nonsense: repr(nonsense)[:30])
def test_whatever_a_site_says_happened_to_a_device_its_page_opens(talker: Site, reader: Person, nonsense: Any) -> None:
    for way in places(EVENT):
        told = spoiled(EVENT, way, nonsense) | {"id": batch_id()}
        assert talker.upload(batch(READING) | {"events": [told]}).status in (200, 422), way
    assert reader.get(device_page(talker, KEY)).status == 200


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "9" * 4000, "9" * 5000])
def test_numbers_beyond_any_sense_in_the_bytes_of_a_body(talker: Site, reader: Person, number: str) -> None:
    state = json.dumps({"version": "0.1.0", "state": {"traffic": {"polls": 7, "check_in": "@"}, "devices": {"known": "@"}}})
    assert talker.send("/api/v1/checkin", state.replace('"@"', number).encode()).status in (200, 400)
    told = batch(READING | {"misc": {"a": "@", "b": ["@"]}})
    assert talker.send("/api/v1/readings", json.dumps(told).replace('"@"', number).encode()).status in (200, 400)
    for page in (*PAGES, f"/sites/{talker.site_id}"):
        assert reader.get(page).status == 200, page


def test_what_is_no_moment_and_no_number_is_left_out_and_the_rest_is_kept(
    server: RunningServer, site: Site, person: Person
) -> None:
    state = deepcopy(STATE)
    state["started_at"] = "9999-12-31T23:59:59-23:59"
    state["devices"] = {"known": 10**400, "answering": 41}
    state["traffic"] = {"polls": 12_345, "check_in": 10**400}
    state["problems"] = [{"text": "The disk is full.", "since": "0001-01-01T00:00:00+23:59"}]
    state["update"]["image"]["seconds"] = 10**400
    answer = site.check_in(state)
    assert answer.status == 200
    kept = server.read(lambda connection: sites.site_by_id(connection, site.site_id))
    assert kept is not None
    assert kept.state["devices"] == {"answering": 41}
    assert answer.json()["state_digest"] == state_digest(kept.state)
    assert server.read(lambda connection: connection.execute(sa.select(site_update.c.seconds)).scalar_one()) is None
    page = person.get(f"/sites/{site.site_id}").text
    assert "<dt>Running since</dt><dd>not told yet</dd>" in page
    assert "<dt>Devices it knows</dt><dd>not told yet</dd>" in page
    assert "<dt>Of these answer</dt><dd>41</dd>" in page
    assert "<dd>12.3 kB: polls 12.3 kB</dd>" in page
    assert "<p><bdi>The disk is full.</bdi></p>" in page


def test_what_was_kept_before_such_bounds_is_shown_as_far_as_it_can_be(server: RunningServer, site: Site, person: Person) -> None:
    site.upload(batch(reading("serial:ACME:1"), reading("serial:ACME:2")))
    site.check_in()
    body = json.dumps(reading("serial:ACME:1") | {"taken_at": "1969-12-31T00:01:00Z"})
    state = json.dumps({"started_at": "9999-12-31T23:59:59-23:59", "traffic": {"polls": 10**400}})
    first = device_latest.c.device_key == "serial:ACME:1"

    def spoil(connection: sa.Connection) -> None:
        connection.execute(sa.update(device_latest).where(first).values(body=body))
        connection.execute(sa.update(reading_table).where(reading_table.c.device_key == "serial:ACME:1").values(body=body))
        connection.execute(sa.update(site_table).values(state=state))

    server.write(spoil)
    for page in ("/devices", f"/sites/{site.site_id}", device_page(site, "serial:ACME:1")):
        answer = person.get(page)
        assert answer.status == 200, page
        assert "serial:ACME:1" in answer.text
    assert "Acme Print 1" in person.get("/devices").text


@pytest.mark.parametrize("moment", ["1970-01-01T00:00:00+23:59", "9998-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
def test_a_reading_of_no_year_that_is_kept_is_refused(site: Site, moment: str) -> None:
    answer = site.upload(batch(READING | {"taken_at": moment}))
    assert (answer.status, answer.json()["error"]) == (422, "does_not_fit")
