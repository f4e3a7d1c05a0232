"""Retention: what is old goes, what waits and the last reading of a device stay."""

from datetime import timedelta
from pathlib import Path

from appliance.common.network.traffic import TrafficByPurpose, UnitCost
from appliance.store.reader import Reader
from appliance.store.store import Store
from tests.appliance.store.samples import START, key, sample

NOW = START + timedelta(days=100)


def send_all(store: Store) -> None:
    while batch := store.next_batch(1000):
        store.acknowledge(batch.id)


def test_old_readings_that_were_sent_go(store: Store, path: Path) -> None:
    store.keep([sample(hours=0), sample(hours=24), sample(hours=24 * 99)])
    send_all(store)
    assert store.retention(90, now=NOW).readings == 2
    assert [reading.taken_at for reading in Reader(path).readings(key())] == [sample(hours=24 * 99).taken_at]


def test_old_readings_that_wait_stay(store: Store) -> None:
    store.keep([sample(hours=0), sample(hours=1)])
    assert store.retention(90, now=NOW).readings == 0
    assert store.outbox_state().readings == 2


def test_the_last_reading_of_a_device_stays_however_old(store: Store) -> None:
    store.keep([sample(hours=0), sample(hours=1)])
    send_all(store)
    assert store.retention(90, now=NOW).readings == 1
    assert store.last_reading(key()) == sample(hours=1)


def test_old_events_go(store: Store) -> None:
    store.add_event("note", "An event of now.")
    removed = store.retention(90, now=NOW + timedelta(days=36_500))
    assert removed.events == 1
    assert store.events() == []


def test_traffic_is_kept_for_400_days_however_short_readings_are(store: Store) -> None:
    counted = TrafficByPurpose()
    counted.of("poll").packets_sent = 1
    store.add_traffic(counted, {"poll": UnitCost(1, 563)}, START)
    store.retention(1, now=START + timedelta(days=400))
    assert [row.purpose for row in store.traffic()] == list(store.traffic_units()) == ["poll"]
    store.retention(1, now=START + timedelta(days=401))
    assert store.traffic() == []
    assert store.traffic_units() == {}


def test_rejected_readings_stay_aside_for_as_long_as_others(store: Store) -> None:
    store.keep([sample(hours=0), sample(hours=1)])
    for _ in range(2):
        batch = store.next_batch(1)
        assert batch is not None
        store.reject(batch.id, "Not valid.")
    store.retention(90, now=START)
    assert store.outbox_state().set_aside == 1
    store.retention(90, now=NOW + timedelta(days=36_500))
    assert store.outbox_state().set_aside == 0


def test_when_too_many_wait_the_last_of_each_day_and_device_stay(store: Store) -> None:
    for day in range(3):
        store.keep([sample(number, hours=24 * day + hour) for hour in range(3) for number in (1, 2)])
    assert store.retention(90, max_waiting=6, now=START).thinned == 12
    batch = store.next_batch(100)
    assert batch is not None
    lasts = [sample(number, hours=24 * day + 2).to_json() for day in range(3) for number in (1, 2)]
    assert sorted(batch.readings) == sorted(lasts)
    assert store.events()[0].kind == "outbox_thinned"


def test_thinning_removes_the_oldest_first_and_no_more_than_needed(store: Store) -> None:
    store.keep([sample(hours=hour) for hour in range(6)])
    assert store.retention(90, max_waiting=4, now=START).thinned == 2
    batch = store.next_batch(100)
    assert batch is not None
    assert batch.readings == tuple(sample(hours=hour).to_json() for hour in (2, 3, 4, 5))


def test_thinning_never_touches_a_batch_that_was_made(store: Store) -> None:
    store.keep([sample(hours=hour) for hour in range(6)])
    batch = store.next_batch(3)
    store.retention(90, max_waiting=1, now=START)
    assert store.next_batch(3) == batch
