"""What waits to be sent is what the site lets out; what is kept is the whole reading. Events wait beside the readings."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from appliance import report
from appliance.privacy.outgoing import Masking
from appliance.settings.model import PrivacySettings
from appliance.store.reader import Reader
from appliance.store.rows import Batch
from appliance.store.schema import MIGRATIONS, migrate
from appliance.store.store import Store
from tests.appliance.store.samples import key, sample

MASKING = Masking(PrivacySettings(ip_address="pseudonym", fields=("device.model",)), bytes(32))


def batch_of(store: Store) -> tuple[Batch, report.Batch]:
    batch = store.next_batch(1000)
    assert batch is not None
    return batch, report.Batch.model_validate_json(batch.body())


def test_the_masked_reading_is_sent_and_the_whole_one_kept(store: Store) -> None:
    store.keep([sample()], outgoing=MASKING)
    _, batch = batch_of(store)
    assert batch.readings == (MASKING.reading(sample()),)
    assert batch.readings[0].device.ip != sample().device.ip
    assert batch.readings[0].device.model is None
    assert store.last_reading(key()) == sample()


def test_nothing_of_a_masked_value_is_in_what_is_sent(store: Store) -> None:
    store.keep([sample(1), sample(2)], outgoing=MASKING)
    store.keep([sample(1, ip="10.0.0.77", hours=1), sample(3, ip="10.0.0.2", hours=1)], outgoing=MASKING)
    for _ in range(3):
        store.note_failures({key(1): "10.0.0.77 did not answer SNMP."}, outgoing=MASKING)
    batch, parsed = batch_of(store)
    assert {event.kind for event in parsed.events} == {"device_new", "device_moved", "device_replaced", "device_silent"}
    assert b"10.0.0." not in batch.body()
    assert b"LaserJet" not in batch.body()
    assert "10.0.0.77" in "".join(event.text for event in store.events()), "the people of the site see it"


def test_a_reading_nothing_is_masked_in_is_stored_once(store: Store, path: Path) -> None:
    store.keep([sample()])
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT body FROM outbox").fetchall() == [(None,)]
    assert batch_of(store)[1].readings == (sample(),)


def test_a_mask_set_later_changes_nothing_that_waits_already(store: Store) -> None:
    store.keep([sample(1)])
    store.keep([sample(1, hours=1)], outgoing=MASKING)
    _, batch = batch_of(store)
    assert {one.device.ip for one in batch.readings} == {"10.0.0.1", MASKING.reading(sample(1)).device.ip}


def test_what_waits_is_masked_anew_where_the_masks_are_chosen_late(store: Store) -> None:
    store.keep([sample(1), sample(2)])
    store.keep([sample(1, ip="10.0.0.77", hours=1)], outgoing=MASKING)
    before = store.next_batch(1000)
    assert before is not None
    assert b"10.0.0.1" in before.body()
    assert store.mask_anew(MASKING, 1) == 1
    assert store.mask_anew(MASKING, 500) == 1, "the third one has that form already"
    assert store.mask_anew(MASKING, 500) == 0
    store.mask_events_anew(MASKING)
    batch, parsed = batch_of(store)
    assert batch.id != before.id
    assert parsed.readings[0] == MASKING.reading(sample(1))
    assert (len(parsed.readings), {event.kind for event in parsed.events}) == (3, {"device_new", "device_moved"})
    assert b"10.0.0." not in batch.body()
    assert b"LaserJet" not in batch.body()
    assert {row.reading.device.ip for row in store.devices()} == {"10.0.0.77", "10.0.0.2"}, "the people of the site see it"


def test_an_event_that_the_masks_keep_here_waits_no_longer(store: Store) -> None:
    alert = report.Alert(severity="critical", group="cover", code="coverOpen", description="Cover of 10.0.0.1 open")
    store.keep([sample(1).model_copy(update={"alerts": (alert,)})])
    assert [event.kind for event in batch_of(store)[1].events] == ["device_new", "alert_raised"]
    masking = Masking(PrivacySettings(phone_numbers="send", fields=("alerts",)), bytes(32))
    store.mask_anew(masking, 500)
    store.mask_events_anew(masking)
    batch, parsed = batch_of(store)
    assert [event.kind for event in parsed.events] == ["device_new"]
    assert b"Cover of" not in batch.body()


def test_events_wait_in_the_batch_until_it_is_acknowledged(store: Store) -> None:
    store.keep([sample()])
    batch, parsed = batch_of(store)
    [event] = parsed.events
    assert (event.kind, event.device, event.detail) == ("device_new", key(), {"address": "10.0.0.1"})
    assert event.at == sample().taken_at
    store.keep([sample(ip="10.0.0.9", hours=1)])
    assert store.next_batch(1000) == batch
    store.acknowledge(batch.id)
    _, after = batch_of(store)
    assert [one.kind for one in after.events] == ["device_moved"]
    assert after.events[0].id > event.id


def test_events_alone_are_sent_too(store: Store) -> None:
    store.keep([sample()])
    store.acknowledge(batch_of(store)[0].id)
    for _ in range(3):
        store.note_failures({key(): "no answer"})
    batch, parsed = batch_of(store)
    assert (len(parsed.readings), [event.kind for event in parsed.events]) == (0, ["device_silent"])
    store.acknowledge(batch.id)
    assert store.next_batch() is None


def test_an_event_the_server_rejects_is_set_aside_and_the_rest_gets_through(store: Store) -> None:
    store.keep([sample(1), sample(2), sample(3)])
    bad = batch_of(store)[1].events[1].id
    taken: list[str] = []
    while batch := store.next_batch(1000):
        parsed = report.Batch.model_validate_json(batch.body())
        if bad in [event.id for event in parsed.events]:
            store.reject(batch.id, "events.0.kind is not valid.")
            continue
        taken += [reading.device.key for reading in parsed.readings] + [event.id for event in parsed.events]
        store.acknowledge(batch.id)
    assert len(taken) == 5
    assert store.events(1)[0].kind == "event_rejected"
    assert "events.0.kind" in store.events(1)[0].text


def test_a_quarantined_zero_is_neither_kept_nor_sent(store: Store) -> None:
    store.keep([sample(pages=1000)])
    store.acknowledge(batch_of(store)[0].id)
    store.keep([sample(pages=0, hours=1)])
    _, batch = batch_of(store)
    assert batch.readings[0].meters == {}
    assert "meters.total" in batch.readings[0].reasons
    assert batch.events == ()
    store.keep([sample(pages=0, hours=2)])
    [reset] = [event for event in store.events() if event.kind == "counter_reset"]
    assert (reset.details["old"], reset.details["new"]) == (1000, 0)


def test_the_masked_form_survives_a_damaged_database(path: Path) -> None:
    with Store(path) as store:
        store.keep([sample(number) for number in range(1, 21)], outgoing=MASKING)
        before = store.next_batch(5)
        for number in range(200):
            store.add_event("filler", "An event that takes room. " * 20, number=number)
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event'").fetchone()
    with path.open("r+b") as stream:
        stream.seek((page - 1) * 4096)
        stream.write(b"\xa5" * 4096)
    with Store(path) as store:
        assert store.events()[0].kind == "database_set_aside"
        assert store.next_batch(5) == before
        sent = b""
        while batch := store.next_batch(1000):
            sent += batch.body()
            store.acknowledge(batch.id)
    assert b"10.0.0." not in sent


def test_a_database_of_the_first_version_is_taken_over(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, MIGRATIONS[:1])
        device = sample().device.model_copy(update={"mac": "00:1b:a9:0b:a7:52"})
        reading = sample(pages=1000).model_copy(update={"device": device})
        connection.execute("BEGIN")
        connection.execute("INSERT INTO reading VALUES (1, ?, '2026-11-01T08:00:00Z', ?)", (key(), reading.to_json()))
        connection.execute(
            "INSERT INTO device VALUES (?, '10.0.0.1', '2026-11-01T08:00:00Z', '2026-11-01T08:00:00Z', 1, '{}', NULL, NULL)",
            (key(),),
        )
        connection.execute("INSERT INTO outbox VALUES (1, NULL)")
        connection.execute("COMMIT")
    with Store(path) as store:
        assert json.loads(batch_of(store)[0].readings[0])["device"]["serial"] == "S0001"
        assert [stay.address for stay in Reader(path).addresses(key())] == ["10.0.0.1"]
        less = sample(pages=1001, hours=1)
        less = less.model_copy(
            update={
                "device": less.device.model_copy(update={"key": "mac:001ba90ba752", "mac": "00:1b:a9:0b:a7:52", "serial": None})
            }
        )
        store.keep([less])
        assert [row.key for row in store.devices()] == [key()]
        assert store.events() == [], "what was known before is no event"
