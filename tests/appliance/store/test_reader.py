"""Reading from another process while the collector writes."""

import sqlite3
import threading
from pathlib import Path

import pytest

from appliance.common.errors import StoreError
from appliance.store.database import connect_reader
from appliance.store.reader import Reader
from appliance.store.store import Store
from tests.appliance.store.samples import key, sample


def test_sees_what_the_writer_has_kept(store: Store, path: Path) -> None:
    store.keep([sample(1, hours=0), sample(1, hours=1), sample(2)])
    reader = Reader(path)
    assert [row.key for row in reader.devices()] == [key(1), key(2)]
    row = reader.device(key(1))
    assert row is not None
    assert row.reading == sample(1, hours=1)
    assert reader.device("serial:HP:none") is None
    assert reader.readings(key(1), 1) == [sample(1, hours=1)]
    assert reader.outbox_state().readings == 3
    assert [event.device_key for event in reader.events(device_key=key(2))] == [key(2)]
    assert len(reader.events(limit=1)) == 1


def test_sees_changes_at_the_next_call(store: Store, path: Path) -> None:
    reader = Reader(path)
    assert reader.devices() == []
    store.keep([sample()])
    assert len(reader.devices()) == 1


def test_works_when_the_writer_is_gone(path: Path) -> None:
    with Store(path) as store:
        store.keep([sample()])
    assert len(Reader(path).devices()) == 1


def test_reads_while_the_writer_is_in_the_middle_of_a_transaction(store: Store, path: Path) -> None:
    store.keep([sample(1)])
    with store._writing() as connection:
        connection.execute("DELETE FROM outbox")
        assert Reader(path).outbox_state().readings == 1
    assert Reader(path).outbox_state().readings == 0


def test_never_fails_while_the_writer_writes(store: Store, path: Path) -> None:
    failures: list[Exception] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                Reader(path).devices()
            except StoreError as error:
                failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(100):
        store.keep([sample(hours=number)])
    stop.set()
    thread.join()
    assert failures == []


def test_notices_that_the_database_was_replaced(path: Path) -> None:
    with Store(path) as store:
        store.keep([sample()])
    reader = Reader(path)
    assert len(reader.devices()) == 1
    path.unlink()
    with Store(path):
        assert reader.devices() == []


def test_cannot_write(store: Store, path: Path) -> None:
    connection = connect_reader(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM outbox")
    connection.close()


def test_tells_that_there_is_no_database_yet(path: Path) -> None:
    with pytest.raises(StoreError, match=r"There are no readings yet.*dca run"):
        Reader(path).devices()
    assert not path.exists(), "looking makes no file"


def test_tells_that_the_database_is_still_empty(path: Path) -> None:
    path.touch()
    with pytest.raises(StoreError, match="There are no readings yet"):
        Reader(path).outbox_state()


def test_tells_that_the_database_is_damaged(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match=r"is damaged.*Restart the collector"):
        Reader(path).devices()


def test_reads_a_folder_with_special_characters(tmp_path: Path) -> None:
    path = tmp_path / "Büro #1 100%?" / "readings.db"
    path.parent.mkdir()
    with Store(path) as store:
        store.keep([sample()])
        assert len(Reader(path).devices()) == 1
