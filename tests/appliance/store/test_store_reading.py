"""Keeping readings: devices, addresses, how a device is reached, and events."""

import stat
from pathlib import Path

import pytest

from appliance.store.store import Store
from tests.appliance.store.samples import START, key, sample


def test_gives_back_the_reading_that_was_kept(store: Store) -> None:
    store.keep([sample(pages=42)])
    assert store.last_reading(key()) == sample(pages=42)


def test_everything_is_there_after_closing_and_opening(path: Path) -> None:
    with Store(path) as store:
        store.keep([sample(1), sample(2)])
    with Store(path) as store:
        assert [row.key for row in store.devices()] == [key(1), key(2)]
        assert store.outbox_state().readings == 2


def test_a_device_keeps_when_it_was_first_seen(store: Store) -> None:
    store.keep([sample(hours=0)])
    store.keep([sample(hours=5)])
    row = store.device(key())
    assert row is not None
    assert row.first_seen_at == START
    assert row.last_seen_at == sample(hours=5).taken_at


def test_a_device_that_changes_its_address_stays_one_device(store: Store) -> None:
    store.keep([sample(ip="10.0.0.1")])
    store.keep([sample(ip="10.0.0.9", hours=1)])
    (row,) = store.devices()
    assert row.address == "10.0.0.9"
    event = store.events()[0]
    assert (event.kind, event.device_key) == ("device_moved", key())
    assert event.details == {"from": "10.0.0.1", "to": "10.0.0.9"}


def test_a_device_whose_address_another_has_taken_has_none_until_it_is_found_again(store: Store) -> None:
    store.keep([sample(1, ip="10.0.0.1")])
    store.keep([sample(2, ip="10.0.0.1", hours=1)])
    assert {row.key: row.address for row in store.devices()} == {key(1): None, key(2): "10.0.0.1"}
    assert "device_replaced" in [event.kind for event in store.events()]
    store.keep([sample(1, ip="10.0.0.7", hours=2)])
    assert {row.key: row.address for row in store.devices()} == {key(1): "10.0.0.7", key(2): "10.0.0.1"}


def test_two_devices_that_swap_addresses_keep_their_rows(store: Store) -> None:
    store.keep([sample(1, ip="10.0.0.1"), sample(2, ip="10.0.0.2")])
    store.keep([sample(1, ip="10.0.0.2", hours=1), sample(2, ip="10.0.0.1", hours=1)])
    assert {row.key: row.address for row in store.devices()} == {key(1): "10.0.0.2", key(2): "10.0.0.1"}


def test_a_device_found_for_the_first_time_is_an_event(store: Store) -> None:
    store.keep([sample()])
    store.keep([sample(hours=1)])
    assert [event.kind for event in store.events()] == ["device_new"]


def test_the_address_to_ask_again_is_the_agents_not_the_masked_one_of_the_reading(store: Store) -> None:
    store.keep([sample(ip="10.0.0.x")], {key(): {"address": "10.0.0.5", "version": "2c", "credential": "office"}})
    row = store.device(key())
    assert row is not None
    assert row.address == "10.0.0.5"
    assert row.agent == {"address": "10.0.0.5", "version": "2c", "credential": "office"}


def test_how_a_device_was_reached_stays_known_when_a_reading_comes_without_it(store: Store) -> None:
    store.keep([sample()], {key(): {"version": "1"}})
    store.keep([sample(hours=1)])
    row = store.device(key())
    assert row is not None
    assert row.agent == {"version": "1"}


def test_a_community_never_gets_into_the_database(store: Store) -> None:
    with pytest.raises(ValueError, match="community must not get into the database"):
        store.keep([sample()], {key(): {"version": "2c", "community": "s3cret"}})
    assert store.devices() == []


def test_a_reading_that_cannot_be_kept_keeps_none_of_its_group(store: Store) -> None:
    with pytest.raises(TypeError):
        store.keep([sample(1), sample(2)], {key(2): {"version": object()}})
    assert store.devices() == []
    assert store.outbox_state().readings == 0


def test_a_failure_is_noted_from_its_first_time_until_the_device_answers_again(store: Store) -> None:
    store.keep([sample()])
    store.note_failures({key(): "no answer"}, START)
    store.note_failures({key(): "no answer within 30 s", "serial:HP:unknown": "no answer"}, sample(hours=3).taken_at)
    row = store.device(key())
    assert row is not None
    assert (row.answering, row.failure, row.failed_at) == (False, "no answer within 30 s", START)
    store.keep([sample(hours=4)])
    row = store.device(key())
    assert row is not None
    assert (row.answering, row.failure, row.failed_at) == (True, None, None)


def test_an_event_comes_back_as_it_was_added(store: Store) -> None:
    store.add_event("scan_finished", "The scan found 13 devices.", found=13)
    (event,) = store.events()
    assert (event.kind, event.text, event.device_key, event.details) == (
        "scan_finished",
        "The scan found 13 devices.",
        None,
        {"found": 13},
    )


def test_a_note_is_remembered_and_replaced(store: Store) -> None:
    assert store.recall("last_sweep_at") is None
    store.remember("last_sweep_at", "one")
    store.remember("last_sweep_at", "two")
    assert store.recall("last_sweep_at") == "two"


def test_the_files_are_for_their_user_alone(store: Store, path: Path) -> None:
    store.keep([sample()])
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
