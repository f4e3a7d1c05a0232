"""Which readings are sent as what changed, since which base, and when it must be a full one."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from appliance import report
from appliance.common.clock import utc_now
from appliance.privacy.outgoing import Masking
from appliance.report import Reading
from appliance.report.changes import rebuild
from appliance.settings.model import PrivacySettings
from appliance.store.rows import Batch
from appliance.store.schema import MIGRATIONS, migrate
from appliance.store.store import Store
from tests.appliance.store.samples import START, key, sample

MASKING = Masking(PrivacySettings(), None)
NO_LOCATION = Masking(PrivacySettings(location="mask"), None)
PSEUDONYMS = Masking(PrivacySettings(mac="pseudonym"), bytes(32))


def send(store: Store, *, rebuilds: bool = True, needed: Sequence[str] = ()) -> Batch:
    """Send the next batch to a server that takes it; return it."""
    batch = store.next_batch(1000)
    assert batch is not None
    store.acknowledge(batch.id, rebuilds=rebuilds, needed=needed)
    return batch


def moments(batch: Batch) -> tuple[list[float], list[float]]:
    """Return the hours after START of the readings sent in full, and of those sent as changes."""

    def hours(text: str) -> float:
        return (Reading.model_validate({"taken_at": text, "device": {"key": "any"}}).taken_at - START) / timedelta(hours=1)

    full = [hours(json.loads(body)["taken_at"]) for body in batch.readings]
    return full, [hours(json.loads(change)["patch"]["taken_at"]) for change in batch.changes]


def test_the_first_reading_of_a_device_is_sent_in_full_and_the_next_as_a_change(store: Store) -> None:
    store.keep([sample(hours=0, pages=100)])
    assert moments(send(store)) == ([0], [])
    store.keep([sample(hours=1, pages=103)])
    batch = store.next_batch()
    assert batch is not None
    assert batch.readings == ()
    [change] = report.Batch.model_validate_json(batch.body()).changes
    assert change.base == START
    assert rebuild(sample(hours=0, pages=100).to_json(), change) == sample(hours=1, pages=103)


def test_the_reading_itself_stays_whole(store: Store, path: Path) -> None:
    store.keep([sample(hours=0)])
    send(store)
    store.keep([sample(hours=1, pages=5)])
    store.next_batch()
    assert store.last_reading(key()) == sample(hours=1, pages=5)
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT COALESCE(outbox.body, reading.body) FROM outbox JOIN reading ON reading.id = reading_id"
        [(body,)] = connection.execute(query).fetchall()
    assert Reading.model_validate_json(body) == sample(hours=1, pages=5), "the whole body of what is sent can be shown"


def test_a_server_that_does_not_rebuild_gets_full_readings(store: Store) -> None:
    for hours in range(3):
        store.keep([sample(hours=hours)])
        assert moments(send(store, rebuilds=False)) == ([hours], [])


def test_a_server_that_no_longer_rebuilds_gets_full_readings_from_then_on(store: Store) -> None:
    store.keep([sample(hours=0)])
    send(store)
    store.keep([sample(2, hours=1)])
    send(store, rebuilds=False)
    store.keep([sample(hours=2)])
    assert moments(send(store)) == ([2], [])


def test_the_base_is_the_last_acknowledged_reading_not_the_last_one_made(store: Store) -> None:
    store.keep([sample(hours=0)])
    send(store)
    store.keep([sample(hours=1, pages=1)])
    store.keep([sample(hours=2, pages=2)])
    changes = report.Batch.model_validate_json(send(store).body()).changes
    assert [change.base for change in changes] == [START, START]
    store.keep([sample(hours=3, pages=3)])
    [change] = report.Batch.model_validate_json(send(store).body()).changes
    assert change.base == START + timedelta(hours=2)


def test_the_same_changes_come_again_until_they_are_acknowledged(path: Path) -> None:
    with Store(path) as store:
        store.keep([sample(hours=0)])
        send(store)
        store.keep([sample(hours=1, pages=7)])
        first = store.next_batch()
        assert first is not None
        assert first.changes
        store.keep([sample(hours=2, pages=8)])
        assert store.next_batch() == first
    with Store(path) as store:
        assert store.next_batch() == first


def test_readings_thinned_out_leave_the_base_alone(store: Store) -> None:
    store.keep([sample(hours=0)])
    send(store)
    store.keep([sample(hours=hours, pages=hours) for hours in range(1, 7)])
    assert store.retention(30, max_waiting=1, now=START + timedelta(hours=7)).thinned == 5
    [change] = report.Batch.model_validate_json(send(store).body()).changes
    assert rebuild(sample(hours=0).to_json(), change) == sample(hours=6, pages=6)


def test_once_a_day_the_reading_is_sent_in_full(store: Store) -> None:
    full = []
    for hours in range(0, 75, 5):
        store.keep([sample(hours=hours, pages=hours)])
        full += moments(send(store))[0]
    assert full == [0, 25, 50]


def test_after_thirty_days_offline_only_what_is_near_the_base_is_a_change(store: Store) -> None:
    store.keep([sample(hours=0)])
    send(store)
    store.keep([sample(hours=12 * number, pages=number) for number in range(1, 61)])
    full, changes = moments(send(store))
    assert changes == [12]
    assert full == [12 * number for number in range(2, 61)]
    store.keep([sample(hours=721, pages=61)])
    assert moments(send(store)) == ([], [721])


def test_a_clock_that_was_set_back_makes_it_full(store: Store) -> None:
    store.keep([sample(hours=10)])
    send(store)
    store.keep([sample(hours=3)])
    assert moments(send(store)) == ([3], [])


def test_under_other_masks_it_is_full(store: Store) -> None:
    for hours, masks, full in ((0, MASKING, True), (1, NO_LOCATION, True), (2, NO_LOCATION, False), (3, PSEUDONYMS, True)):
        store.keep([sample(hours=hours)], outgoing=masks)
        assert moments(send(store)) == (([hours], []) if full else ([], [hours])), hours


def test_another_privacy_key_makes_it_full(store: Store) -> None:
    for number, secret in enumerate((bytes(32), bytes(32), b"1" * 32)):
        store.keep([sample(hours=number)], outgoing=Masking(PrivacySettings(mac="pseudonym"), secret))
        assert bool(moments(send(store))[0]) == (number != 1)


def test_changes_are_made_of_what_is_sent_not_of_what_is_kept(store: Store) -> None:
    place = sample().device.model_copy(update={"location": "the vault"})
    store.keep([sample(hours=0)], outgoing=NO_LOCATION)
    send(store)
    store.keep([sample(hours=1, pages=2).model_copy(update={"device": place})], outgoing=NO_LOCATION)
    assert b"vault" not in send(store).body()


def test_a_device_that_is_known_by_another_key_now_is_sent_in_full(store: Store) -> None:
    nameless = sample().device.model_copy(update={"key": "mac:001ba90ba752", "mac": "00:1b:a9:0b:a7:52", "serial": None})
    store.keep([sample(hours=0).model_copy(update={"device": nameless})])
    send(store)
    named = sample().device.model_copy(update={"mac": "00:1b:a9:0b:a7:52"})
    store.keep([sample(hours=1).model_copy(update={"device": named})])
    assert moments(send(store)) == ([1], [])
    store.keep([sample(hours=2).model_copy(update={"device": named})])
    assert moments(send(store)) == ([], [2])


def test_a_reading_that_waits_under_the_former_key_is_no_base_for_the_new_one(store: Store) -> None:
    nameless = sample().device.model_copy(update={"key": "mac:001ba90ba752", "mac": "00:1b:a9:0b:a7:52", "serial": None})
    named = sample().device.model_copy(update={"mac": "00:1b:a9:0b:a7:52"})
    store.keep([sample(hours=0).model_copy(update={"device": nameless})])
    waiting = store.next_batch()
    store.keep([sample(hours=1).model_copy(update={"device": named})])
    assert waiting is not None
    store.acknowledge(waiting.id, rebuilds=True)
    assert moments(send(store)) == ([1], [])


def test_what_the_server_needs_waits_again_and_is_sent_in_full(store: Store) -> None:
    store.keep([sample(1, hours=0), sample(2, hours=0)])
    send(store)
    store.keep([sample(1, hours=1, pages=1), sample(2, hours=1, pages=1)])
    first = send(store, needed=[key(2)])
    assert len(first.changes) == 2
    assert store.outbox_state().readings == 1
    second = send(store)
    assert second.id != first.id
    assert [Reading.model_validate_json(body).device.key for body in second.readings] == [key(2)]
    store.keep([sample(1, hours=2), sample(2, hours=2)])
    # The base of device 2 was lost before a change was ever taken: it is sent in full for a day.
    assert [json.loads(change)["device"] for change in send(store).changes] == [key(1)]


def test_a_base_lost_after_changes_were_taken_costs_one_full_reading(store: Store) -> None:
    store.keep([sample(hours=0)])
    send(store)
    store.keep([sample(hours=1)])
    send(store)
    store.keep([sample(hours=2)])
    send(store, needed=[key()])
    assert moments(send(store)) == ([2], [])
    store.keep([sample(hours=3)])
    assert moments(send(store)) == ([], [3])


def test_a_server_that_never_has_the_base_is_tried_again_a_day_later(store: Store, path: Path) -> None:
    store.keep([sample(hours=0)])
    send(store)
    store.keep([sample(hours=1)])
    send(store, needed=[key()])
    send(store)
    with closing(sqlite3.connect(path)) as connection, connection:
        [(until,)] = connection.execute("SELECT full_until FROM base").fetchall()
        assert Reading.model_validate({"taken_at": until, "device": {"key": "any"}}).taken_at > utc_now() + timedelta(hours=23)
        connection.execute("UPDATE base SET full_until = '2026-11-01T00:00:00Z'")
    store.keep([sample(hours=2)])
    assert moments(send(store)) == ([], [2])


def test_in_full_means_another_batch_with_the_same_readings(store: Store) -> None:
    store.keep([sample(hours=0)])
    send(store)
    store.keep([sample(hours=1, pages=1)])
    first = store.next_batch()
    assert first is not None
    store.send_in_full(first.id)
    second = store.next_batch()
    assert second is not None
    assert second.id != first.id
    assert moments(second) == ([1], [])
    assert store.acknowledge(first.id) == 0


def test_a_change_the_server_will_not_take_is_tried_in_full_before_it_is_set_aside(store: Store) -> None:
    store.keep([sample(hours=0)])
    send(store)
    store.keep([sample(hours=1, pages=1)])
    first = store.next_batch()
    assert first is not None
    assert store.reject(first.id, "No.") == 0
    second = store.next_batch()
    assert second is not None
    assert moments(second) == ([1], [])
    assert store.reject(second.id, "No.") == 1
    assert store.outbox_state().set_aside == 1


def test_devices_of_one_model_stand_together(store: Store) -> None:
    models = ["B", "A", "B", "A"]
    readings = [sample(number) for number in range(4)]
    store.keep(
        [
            one.model_copy(update={"device": one.device.model_copy(update={"model": model})})
            for one, model in zip(readings, models, strict=True)
        ]
    )
    assert [Reading.model_validate_json(body).device.model for body in send(store).readings] == ["A", "A", "B", "B"]


def test_a_batch_holds_no_more_than_the_server_takes(store: Store) -> None:
    large = [sample(number).model_copy(update={"misc": {"text": "x" * 1_500_000}}) for number in range(3)]
    huge = sample(3).model_copy(update={"misc": {"text": "x" * 6_000_000}})
    store.keep([*large, huge])
    assert [len(send(store).readings) for _ in range(3)] == [2, 1, 1]


def test_a_database_of_the_former_version_has_no_bases(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, MIGRATIONS[:2])
        connection.execute("BEGIN")
        connection.execute("INSERT INTO reading VALUES (1, ?, '2026-11-01T08:00:00Z', ?)", (key(), sample().to_json()))
        connection.execute(
            """INSERT INTO device (key, address, first_seen_at, last_seen_at, last_reading_id)
            VALUES (?, '10.0.0.1', '2026-11-01T08:00:00Z', '2026-11-01T08:00:00Z', 1)""",
            (key(),),
        )
        connection.execute("INSERT INTO outbox (reading_id) VALUES (1)")
        connection.execute("COMMIT")
    with Store(path) as store:
        assert moments(send(store)) == ([0], [])
        # Under which masks that one left the site is not known, so that it is no base.
        store.keep([sample(hours=1)])
        assert moments(send(store)) == ([1], [])
        store.keep([sample(hours=2)])
        assert moments(send(store)) == ([], [2])
