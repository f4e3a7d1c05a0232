"""A hosting server that was restored lacks what it acknowledged since its backup: it is sent again, once, and nothing else is."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.store import resending
from appliance.store.database import connect_writer
from appliance.store.schema import MIGRATIONS, migrate
from appliance.store.store import Store
from appliance.store.store_reading import Unmasked
from tests.appliance.store.samples import sample

NOW = datetime.now(UTC)


def send_all(store: Store) -> list[str]:
    """Send what waits and have it acknowledged; return the moments of the readings."""
    sent: list[str] = []
    while batch := store.next_batch(1000):
        sent += [json.loads(body)["taken_at"] for body in batch.readings]
        store.acknowledge(batch.id)
    return sent


def sent_again(store: Store) -> list[str]:
    while store.let_wait_again(Unmasked(), 2):
        pass
    return send_all(store)


def acknowledged_at(path: Path, rows: Iterable[tuple[str, int, int]], moment: datetime) -> None:
    """Let all that was noted as acknowledged be so at a moment of the past."""
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM acknowledged")
        hour = moment.strftime("%Y-%m-%dT%H")
        connection.executemany(f"INSERT INTO acknowledged VALUES ('{hour}', ?, ?, ?)", rows)


def test_what_was_acknowledged_since_the_backup_is_sent_again_once(tmp_path: Path) -> None:
    with Store(tmp_path / "readings.db") as store:
        store.keep([sample(1, hours=0), sample(2, hours=0)])
        assert len(send_all(store)) == 2
        acknowledged_at(tmp_path / "readings.db", [("reading", 1, 2)], NOW - timedelta(hours=5))
        store.keep([sample(1, hours=1), sample(2, hours=1), sample(1, hours=2)])
        later = send_all(store)

        assert store.tell_restored("generation1", NOW - timedelta(hours=2))
        assert store.server_generation() == "generation1"
        again = sent_again(store)

        assert sorted(again) == sorted(later)
        assert not store.tell_restored("generation1", NOW - timedelta(hours=2))
        assert sent_again(store) == []


def test_a_reading_taken_long_before_the_backup_counts_by_when_it_was_acknowledged(tmp_path: Path) -> None:
    with Store(tmp_path / "readings.db") as store:
        store.keep([sample(1, hours=0)])
        moments = send_all(store)

        store.tell_restored("generation1", NOW)

        assert sent_again(store) == moments


def test_a_server_that_comes_back_is_sent_what_another_one_took_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    with Store(path) as store:
        store.keep([sample(1, hours=0)])
        send_all(store)
        acknowledged_at(path, [("reading", 1, 1)], NOW - timedelta(hours=9))
        store.tell_restored("copy", NOW - timedelta(hours=9))
        sent_again(store)
        acknowledged_at(path, [("reading", 1, 1)], NOW - timedelta(hours=9))
        store.keep([sample(1, hours=1)])
        taken_by_the_copy = send_all(store)

        assert store.tell_restored(resending.FIRST_GENERATION, None)

        assert sent_again(store) == taken_by_the_copy


def test_an_event_is_sent_again_under_its_id(tmp_path: Path) -> None:
    with Store(tmp_path / "readings.db") as store:
        store.keep([sample(1, hours=0)])
        batch = store.next_batch(10)
        assert batch
        assert batch.events
        store.acknowledge(batch.id)

        store.tell_restored("generation1", NOW)
        store.let_wait_again(Unmasked(), 100)
        again = store.next_batch(10)

        assert again
        assert [json.loads(event) for event in again.events] == [json.loads(event) for event in batch.events]


def test_a_reading_is_sent_again_under_the_key_its_device_is_known_by_now(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    with Store(path) as store:
        store.keep([sample(1, hours=0)])
        send_all(store)
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("UPDATE reading SET device_key = 'serial:new'")
        store.tell_restored("generation1", NOW)
        store.let_wait_again(Unmasked(), 100)
        batch = store.next_batch(10)

        assert batch
        assert [json.loads(body)["device"]["key"] for body in batch.readings] == ["serial:new"]


def test_another_server_is_not_asked_for_by_what_the_former_one_took(tmp_path: Path) -> None:
    with Store(tmp_path / "readings.db") as store:
        store.keep([sample(1, hours=0), sample(1, hours=1)])
        send_all(store)
        store.tell_anew()
        send_all(store)
        with sqlite3.connect(tmp_path / "readings.db") as connection:
            noted = connection.execute("SELECT first, last FROM acknowledged WHERE what = 'reading'").fetchall()

        assert noted == [(2, 2)]


def test_a_database_of_a_former_version_sends_all_of_its_readings_again(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    before = next(number for number, step in enumerate(MIGRATIONS) if any("TABLE acknowledged" in text for text in step))
    connection = connect_writer(path)
    migrate(connection, MIGRATIONS[:before])
    device = sample(1, hours=0)
    connection.execute("BEGIN")
    connection.execute("INSERT INTO reading VALUES (7, ?, ?, ?)", (device.device.key, "2026-11-01T00:00:00Z", device.to_json()))
    connection.execute(
        "INSERT INTO device (key, first_seen_at, last_seen_at, last_reading_id) VALUES (?, '', '', 7)", (device.device.key,)
    )
    connection.execute("COMMIT")
    connection.close()

    with Store(path) as store:
        store.tell_restored("generation1", NOW - timedelta(minutes=5))
        assert store.let_wait_again(Unmasked(), 100) == 1


def test_spans_of_one_hour_that_touch_become_one(tmp_path: Path) -> None:
    with Store(tmp_path / "readings.db") as store:
        for number in range(5):
            store.keep([sample(1, hours=number)])
            send_all(store)
        with sqlite3.connect(tmp_path / "readings.db") as connection:
            noted = connection.execute("SELECT first, last FROM acknowledged WHERE what = 'reading'").fetchall()

        assert sum(last - first + 1 for first, last in noted) == 5
        assert len(noted) <= 2  # an hour may have ended between


def test_what_has_no_event_of_a_device_is_not_sent(tmp_path: Path) -> None:
    with Store(tmp_path / "readings.db") as store:
        store.add_event("restarted", "The collector was restarted.")
        store.keep([sample(1, hours=0)])
        send_all(store)
        store.tell_restored("generation1", NOW)
        store.let_wait_again(Unmasked(), 100)
        batch = store.next_batch(10)

        assert batch
        assert {json.loads(event)["kind"] for event in batch.events} == {"device_new"}
