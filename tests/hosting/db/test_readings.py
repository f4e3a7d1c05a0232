"""Readings arrive once, and the newest of each device is the one that is shown."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.report import Reading
from hosting.config import Limits
from hosting.db import fleet
from hosting.db.fleet import LatestReading
from hosting.db.tables import batch as batch_table
from hosting.db.tables import event as event_table
from hosting.db.tables import reading as reading_table
from hosting.db.tables import reading_ahead
from tests.hosting.batches import batch, batch_id, moment, reading
from tests.hosting.conftest import StartServer
from tests.hosting.db.test_changes import change, changes
from tests.hosting.db.test_events import happened
from tests.hosting.running import RunningServer
from tests.hosting.site import Site


def latest(server: RunningServer, site: Site, key: str = "serial:ACME:1") -> LatestReading:
    found = server.read(lambda connection: fleet.device(connection, site.site_id, key))
    assert found is not None
    return found


def test_new_readings_are_accepted(server: RunningServer, site: Site) -> None:
    answer = site.upload(batch(reading("serial:A:1"), reading("serial:A:2")))
    assert answer.json() == {"accepted": 2, "duplicate": 0, "changes": True}
    assert server.count(reading_table) == 2


def test_a_batch_sent_again_adds_nothing(server: RunningServer, site: Site) -> None:
    once = batch(reading("serial:A:1"), reading("serial:A:2"))
    site.upload(once)
    assert site.upload(once).json() == {"accepted": 0, "duplicate": 2, "changes": True}
    assert server.count(reading_table) == 2
    assert server.count(batch_table) == 1


@pytest.mark.parametrize("compressed", [False, True])
def test_a_batch_id_stands_for_one_content(server: RunningServer, site: Site, compressed: bool) -> None:
    first = batch(reading("serial:A:1"))
    for other in (
        batch(reading("serial:A:2"), identity=first["batch"]),
        batch(reading("serial:A:1", total=7), identity=first["batch"]),
        first | {"events": [happened()]},
    ):
        site.upload(first, compressed=compressed)
        answer = site.upload(other, compressed=compressed)
        assert (answer.status, answer.json()["error"]) == (409, "batch_conflict")
        assert server.count(reading_table) == 1
        assert server.count(event_table) == 0
        assert site.upload(other | {"batch": batch_id()}, compressed=compressed).status == 200
        server.write(
            lambda connection: [connection.execute(sa.delete(table)) for table in (batch_table, reading_table, event_table)]
        )


def test_nor_may_changes_come_under_the_id_of_another_batch(server: RunningServer, site: Site) -> None:
    first = batch(reading("serial:A:1"))
    site.upload(first)
    later = changes(change(reading("serial:A:9", hours=1), reading("serial:A:9"))) | {"batch": first["batch"]}
    assert site.upload(later).status == 409


def test_a_batch_taken_by_a_server_without_digests_counts_as_the_same(server: RunningServer, site: Site) -> None:
    once = batch(reading("serial:A:1"))
    site.upload(once)
    server.write(lambda connection: connection.execute(sa.update(batch_table).values(digest=None)))
    assert site.upload(once).json()["duplicate"] == 1


def test_a_reading_in_two_batches_is_kept_once(server: RunningServer, site: Site) -> None:
    same = reading("serial:A:1", hours=1)
    site.upload(batch(same))
    assert site.upload(batch(same, reading("serial:A:1"))).json() == {"accepted": 1, "duplicate": 1, "changes": True}
    assert server.count(reading_table) == 2


def test_a_batch_sent_ten_times_at_once_is_kept_once(server: RunningServer, site: Site) -> None:
    once = batch(*(reading(f"serial:A:{number}") for number in range(20)))
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: site.upload(once).json(), range(10)))
    assert sum(answer["accepted"] for answer in answers) == 20
    assert sum(answer["duplicate"] for answer in answers) == 180
    assert server.count(reading_table) == 20


def test_an_empty_batch_is_acknowledged(site: Site) -> None:
    assert site.upload(batch()).json() == {"accepted": 0, "duplicate": 0, "changes": True}


def test_an_older_reading_never_replaces_a_newer_one(server: RunningServer, site: Site) -> None:
    site.upload(batch(reading(total=2000)))
    site.upload(batch(reading(total=1000, hours=5)))
    assert '"value":2000' in latest(server, site).body
    assert server.count(reading_table) == 2


def test_a_newer_reading_replaces_an_older_one_within_one_batch(server: RunningServer, site: Site) -> None:
    site.upload(batch(reading(total=2000), reading(total=1000, hours=5)))
    assert '"value":2000' in latest(server, site).body


def test_a_reading_from_the_future_is_kept_but_never_stands_as_the_latest(server: RunningServer, site: Site) -> None:
    site.upload(batch(reading(total=1000)))
    site.upload(batch(reading(total=9999, hours=-48)))
    assert (server.count(reading_table), server.count(reading_ahead)) == (1, 1)
    assert '"value":1000' in latest(server, site).body


def test_two_sites_with_the_same_device_key_stay_apart(server: RunningServer) -> None:
    mill, port = Site(server).enrol("Mill"), Site(server).enrol("Port")
    taken = reading(total=1)
    assert mill.upload(batch(taken)).json()["accepted"] == 1
    assert port.upload(batch(taken | {"meters": {}})).json()["accepted"] == 1
    assert '"value":1' in latest(server, mill).body
    assert '"meters"' not in latest(server, port).body


def test_the_same_batch_id_of_two_sites_is_two_batches(server: RunningServer) -> None:
    same = batch(reading())
    assert [Site(server).enrol(name).upload(same).json()["accepted"] for name in ("Mill", "Port")] == [1, 1]


@pytest.mark.parametrize("taken_at", ["2026-11-22T10:00:00+02:00", "2026-11-22T08:00:00", "2026-11-22T08:00:00.9Z"])
def test_moments_are_kept_in_utc_and_whole_seconds(server: RunningServer, site: Site, taken_at: str) -> None:
    site.upload(batch(reading() | {"taken_at": taken_at}))
    kept = server.read(lambda connection: connection.execute(sa.select(reading_table.c.taken_at)).scalar_one())
    assert kept.isoformat() == "2026-11-22T08:00:00+00:00"


def test_everything_of_a_reading_is_kept(server: RunningServer, site: Site) -> None:
    full: dict[str, Any] = reading(location="3rd floor", hostname="p1", mac="00:11:22:33:44:55", color=True) | {
        "supplies": [
            {"index": "1.1", "type": "toner", "class": "supplyThatIsConsumed", "source": "prtMarkerSupplies", "percent": 12.5}
        ],
        "trays": [{"index": "1", "name": "Tray 1", "level": -3}],
        "alerts": [{"severity": "critical", "group": "mediaPath", "code": "jam", "since": moment(hours=1)}],
        "misc": {"sleep": {"minutes": 5}},
        "reasons": {"device.firmware": "not reported"},
    }
    site.upload(batch(full))
    assert Reading.model_validate_json(latest(server, site).body) == Reading.model_validate(full)


def test_a_site_that_sends_too_much_is_slowed_down_and_others_are_not(start_server: StartServer) -> None:
    server = start_server(limits=Limits(site_burst=3, site_per_second=0.01))
    loud, quiet = Site(server).enrol("Loud"), Site(server).enrol("Quiet")
    answers = [loud.check_in() for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert quiet.check_in().status == 200
