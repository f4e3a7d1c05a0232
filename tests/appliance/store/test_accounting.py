"""Traffic in the store: by day and purpose, of the last 24 hours, and the units that averages are made of."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from appliance.common.clock import utc_now
from appliance.common.network.traffic import Purpose, Traffic, TrafficByPurpose, UnitCost
from appliance.store.database import connect_writer
from appliance.store.reader import Reader
from appliance.store.store import Store
from tests.appliance.store.samples import START


def counted(*purposes: Purpose) -> TrafficByPurpose:
    traffic = TrafficByPurpose()
    for purpose in purposes:
        traffic.of(purpose).add(Traffic(1, 2, 30, 40))
    return traffic


def test_traffic_adds_up_by_day_and_purpose(store: Store) -> None:
    store.add_traffic(counted("sweep", "poll"), at=START)
    store.add_traffic(counted("sweep"), at=START + timedelta(hours=3))
    store.add_traffic(counted("sweep"), at=START + timedelta(hours=24))
    rows = {
        (row.day, row.purpose): (row.packets_sent, row.packets_received, row.bytes_sent, row.bytes_received)
        for row in store.traffic()
    }
    assert rows == {
        ("2026-11-01", "sweep"): (2, 4, 60, 80),
        ("2026-11-01", "poll"): (1, 2, 30, 40),
        ("2026-11-02", "sweep"): (1, 2, 30, 40),
    }
    assert {row.day for row in store.traffic(days=1)} == {"2026-11-02"}


def test_the_last_24_hours_are_told_by_purpose(store: Store, path: Path) -> None:
    now = utc_now()
    store.add_traffic(counted("poll"), at=now - timedelta(hours=26))
    assert store.traffic_of_last_day() == {}
    store.add_traffic(counted("poll", "upload"), at=now - timedelta(hours=3))
    store.add_traffic(counted("poll"), at=now)
    assert store.traffic_of_last_day() == Reader(path).traffic_of_last_day() == {"poll": 140, "upload": 70}


def test_units_add_up_over_the_newest_days_that_had_them(store: Store, path: Path) -> None:
    store.add_traffic(TrafficByPurpose(), {"first_read": UnitCost(1, 2500)}, START)
    for day in range(40):
        store.add_traffic(TrafficByPurpose(), {"poll": UnitCost(2, 1200)}, START + timedelta(days=day))
    assert store.traffic_units() == {"first_read": UnitCost(1, 2500), "poll": UnitCost(60, 36_000)}
    assert Reader(path).traffic_units() == store.traffic_units()


def test_a_former_version_still_counts_in_a_database_of_this_one(store: Store, path: Path) -> None:
    with closing(connect_writer(path)) as former:
        former.execute("INSERT INTO traffic VALUES ('2026-11-01', 'read', 1, 2, 30, 40)")
    [row] = store.traffic()
    assert (row.purpose, row.bytes_received) == ("read", 40)
