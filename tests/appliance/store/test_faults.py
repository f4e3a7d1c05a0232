"""Faults: kill -9, a full disk, a damaged file, a folder that cannot be written."""

import itertools
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from appliance.common.errors import DataFolderError, StoreError
from appliance.store.reader import Reader
from appliance.store.store import Store
from tests.appliance.store.samples import START, key, sample


@contextmanager
def child(what: str, path: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.appliance.store.children", what, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def lines_until_killed(process: "subprocess.Popen[str]", count: int) -> list[str]:
    """Return the whole lines the child told; it is killed once it told `count` of them, wherever it is then."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if len(lines) == count:
            process.kill()
    return [line.strip() for line in lines if line.endswith("\n")]


def soundness(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


@pytest.mark.parametrize("count", [1, 7, 40])
def test_kill_9_in_a_write_loop_loses_nothing_that_was_kept(path: Path, count: int) -> None:
    with child("write", path) as process:
        told = lines_until_killed(process, count)
    with Store(path) as store:
        numbers = [reading.meters["total"].value for reading in reversed(Reader(path).readings(key(), 10_000))]
        assert numbers[: len(told)] == [int(line) for line in told]
        assert len(numbers) - len(told) in (0, 1), "at most the one being kept when the process was killed is there beside them"
        assert store.outbox_state().readings == len(numbers)
        assert store.events()[0].kind == "device_new", "the database was not set aside"
    assert soundness(path) == "ok"


def test_kill_9_while_sending_neither_loses_nor_changes_a_batch(path: Path) -> None:
    with Store(path) as store:
        store.keep([sample(1, hours=number) for number in range(60)])
    with child("send", path) as process:
        told = lines_until_killed(process, 21)
    acknowledged = [line.split()[1] for line in told if line.startswith("acknowledged")]
    made = [line.split()[1] for line in told if line.startswith("batch")]
    with Store(path) as store:
        gone = 60 - store.outbox_state().readings
        assert gone // 3 - len(acknowledged) in (0, 1)
        batch = store.next_batch(3)
    assert batch is not None
    assert batch.id not in acknowledged
    if gone // 3 == len(acknowledged) < len(made):
        assert batch.id == made[-1]
        assert len(batch.readings) == 3


def test_files_that_may_not_grow_give_a_sentence_and_nothing_is_half_written(path: Path) -> None:
    with child("fill", path) as process:
        output, _ = process.communicate(timeout=60)
    fault, kept, then = output.splitlines()
    assert fault.startswith(f"DataFolderError: The readings in {path} cannot be written")
    before = int(kept.split()[1].rstrip(","))
    assert before > 0
    assert kept == f"kept {before}, there are {before}"
    assert then == f"then {before + 1}"
    assert soundness(path) == "ok"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def keep_until_full(store: Store) -> None:
    for hours in itertools.count():
        store.keep([sample(1, hours=hours), sample(2, hours=hours)])


def fill(store: Store) -> int:
    with pytest.raises(DataFolderError, match="is full: no reading can be kept") as fault:
        keep_until_full(store)
    assert "Free some space" in str(fault.value)
    return store.outbox_state().readings


def fill_rest(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(512))


def test_a_full_disk_gives_a_sentence_and_keeping_works_again_with_space(small_disk: Path) -> None:
    with Store(small_disk / "readings.db") as store:
        kept = fill(store)
        assert kept > 0
        assert kept % 2 == 0, "of the pair that did not fit, none was kept"
        subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
        store.keep([sample(3)])
        assert store.outbox_state().readings == kept + 1
        store.check()


def test_starting_on_a_full_disk_does_not_take_the_database_for_damaged(small_disk: Path) -> None:
    path = small_disk / "readings.db"
    with Store(path) as store:
        kept = fill(store)
    with pytest.raises(OSError, match="No space"):
        fill_rest(small_disk)
    with Store(path) as store:
        assert store.outbox_state().readings == kept
        with pytest.raises(DataFolderError):
            store.keep([sample(3)])
    (small_disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    with Store(path) as store:
        store.keep([sample(3)])
        assert store.outbox_state().readings == kept + 1
    assert [file.name for file in small_disk.iterdir()] == ["readings.db"]


@pytest.mark.parametrize("content", [b"this is no database, but a text that somebody put here\n" * 100, b"\0" * 8192])
def test_a_file_that_is_no_database_is_set_aside_and_a_new_one_started(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with Store(path) as store:
        store.keep([sample()])
        event = store.events()[-1]
    assert event.kind == "database_set_aside"
    (aside,) = path.parent.glob("readings.broken-*.db")
    assert aside.read_bytes() == content
    assert aside.name in event.text


def damage(path: Path, start: int, length: int = 4096) -> None:
    with path.open("r+b") as stream:
        stream.seek(start)
        stream.write(b"\xa5" * length)


def test_what_waits_in_a_damaged_database_is_carried_over_in_its_batches(path: Path) -> None:
    with Store(path) as store:
        store.keep([sample(number) for number in range(1, 21)], {key(1): {"version": "1", "credential": "office"}})
        batch = store.next_batch(5)
        for number in range(200):
            store.add_event("filler", "An event that takes room. " * 20, number=number)
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event'").fetchone()
    damage(path, (page - 1) * 4096)
    with Store(path) as store:
        event = store.events()[0]
        assert (event.kind, event.details["devices"], event.details["waiting"]) == ("database_set_aside", 20, 20)
        assert store.next_batch(5) == batch
        row = store.device(key(1))
        assert row is not None
        assert row.agent == {"version": "1", "credential": "office"}
        assert row.first_seen_at == START
    assert soundness(path) == "ok"


def test_a_database_cut_in_half_never_stops_the_collector(path: Path) -> None:
    with Store(path) as store:
        store.keep([sample(number % 50 + 1, hours=number) for number in range(400)])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with Store(path) as store:
        assert store.events()[0].kind == "database_set_aside"
        store.keep([sample()])
    assert soundness(path) == "ok"


def test_two_damaged_files_in_one_second_are_both_kept(path: Path) -> None:
    for _ in range(2):
        path.write_bytes(b"no database" * 1000)
        Store(path).close()
    assert len(list(path.parent.glob("readings.broken-*.db"))) == 2


def test_a_database_of_a_newer_appliance_is_used_as_it_is(path: Path) -> None:
    with Store(path) as store:
        store.keep([sample()])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE device ADD COLUMN newer TEXT")
        connection.execute("PRAGMA user_version = 99")
    with Store(path) as store:
        store.keep([sample(hours=1)])
        assert store.outbox_state().readings == 2
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)


def test_a_folder_that_does_not_exist_gives_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match=r"cannot be opened: No such file or directory.*DCA_DATA_DIR"):
        Store(tmp_path / "nowhere" / "readings.db")


def test_a_database_held_by_somebody_else_gives_a_sentence(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store._connection.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(StoreError, match="held by another process"):
            store.keep([sample()])
        other.execute("ROLLBACK")
    store.keep([sample()])


def test_threads_may_share_a_store(store: Store) -> None:
    def keep_some(number: int) -> None:
        for hour in range(20):
            store.keep([sample(number, hours=hour)])

    threads = [threading.Thread(target=keep_some, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.outbox_state().readings == 80
