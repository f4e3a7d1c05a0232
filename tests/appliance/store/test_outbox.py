"""The outbox: a batch is fixed once made, and gone once acknowledged."""

from pathlib import Path

from appliance import report
from appliance.store.rows import Batch
from appliance.store.store import Store
from tests.appliance.store.samples import START, key, sample


def devices_of(batch: Batch | None) -> list[str]:
    assert batch is not None
    return [report.Reading.model_validate_json(body).device.key for body in batch.readings]


def test_nothing_waits_in_a_new_store(store: Store) -> None:
    assert store.next_batch() is None
    assert store.outbox_state().readings == 0
    assert store.outbox_state().oldest_at is None


def test_tells_how_many_wait_and_since_when(store: Store) -> None:
    store.keep([sample(1, hours=2), sample(2, hours=0), sample(3, hours=1)])
    state = store.outbox_state()
    assert (state.readings, state.oldest_at) == (3, START)


def test_the_body_of_a_batch_is_what_the_hosting_server_expects(store: Store) -> None:
    store.keep([sample(1), sample(2)])
    batch = store.next_batch()
    assert batch is not None
    body = report.Batch.model_validate_json(batch.body())
    assert body.batch == batch.id
    assert body.readings == (sample(1), sample(2))


def test_the_oldest_come_first_and_no_more_than_asked_for(store: Store) -> None:
    store.keep([sample(number) for number in range(1, 6)])
    assert devices_of(store.next_batch(2)) == [key(1), key(2)]


def test_the_same_batch_comes_again_until_it_is_acknowledged(store: Store) -> None:
    store.keep([sample(1)])
    first = store.next_batch()
    store.keep([sample(2)])
    assert store.next_batch() == first
    assert store.next_batch(100) == first


def test_the_same_batch_comes_again_after_a_restart(path: Path) -> None:
    with Store(path) as store:
        store.keep([sample(1), sample(2)])
        first = store.next_batch(1)
    with Store(path) as store:
        assert store.next_batch(1) == first


def test_acknowledging_makes_room_for_the_next_batch(store: Store) -> None:
    store.keep([sample(1), sample(2)])
    first = store.next_batch(1)
    assert first is not None
    assert store.acknowledge(first.id) == 1
    assert devices_of(store.next_batch(1)) == [key(2)]


def test_acknowledging_twice_changes_nothing_more(store: Store) -> None:
    store.keep([sample(1), sample(2)])
    first = store.next_batch(1)
    assert first is not None
    store.acknowledge(first.id)
    assert store.acknowledge(first.id) == 0
    assert store.outbox_state().readings == 1


def test_a_reading_that_was_sent_stays_on_the_disk(store: Store) -> None:
    store.keep([sample()])
    batch = store.next_batch()
    assert batch is not None
    store.acknowledge(batch.id)
    assert store.last_reading(key()) == sample()
    assert store.outbox_state().readings == 0


def test_the_one_reading_the_server_rejects_is_set_aside_and_the_others_get_through(store: Store) -> None:
    store.keep([sample(number) for number in range(1, 8)])
    taken: list[str] = []
    while batch := store.next_batch(50):
        if key(5) in devices_of(batch):
            store.reject(batch.id, "readings.0.device.serial is not valid.")
        else:
            taken += devices_of(batch)
            store.acknowledge(batch.id)
    assert taken == [key(1), key(2), key(3), key(4), key(6), key(7)]
    state = store.outbox_state()
    assert (state.readings, state.set_aside) == (0, 1)
    assert store.last_reading(key(5)) == sample(5)
    event = store.events()[0]
    assert (event.kind, event.device_key) == ("reading_rejected", key(5))
    assert "readings.0.device.serial is not valid." in event.text


def test_a_rejected_batch_does_not_come_again_after_a_restart(path: Path) -> None:
    with Store(path) as store:
        store.keep([sample()])
        batch = store.next_batch()
        assert batch is not None
        assert store.reject(batch.id, "Too old.") == 0, "the reading and its event are tried apart"
        reading = store.next_batch()
        assert reading is not None
        assert (len(reading.readings), len(reading.events)) == (1, 0)
        assert store.reject(reading.id, "Too old.") == 1
        assert store.reject(reading.id, "Too old.") == 0
        event = store.next_batch()
        assert event is not None
        store.acknowledge(event.id)
    with Store(path) as store:
        assert store.next_batch() is None
        assert store.outbox_state().set_aside == 1
