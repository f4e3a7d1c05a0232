"""The journal: whole at every moment, also when the process is killed or the disk full while it is written."""

import signal
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.children import run_child
from tests.requirement import missing
from tests.updater.transactions import transaction
from updater.engine.container_spec import ContainerSpec
from updater.records.journal import RESERVE_BYTES, Journal, Transaction

WRITE_AND_DIE = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from updater.records.journal import Journal
folder, point, seen = sys.argv[1], int(sys.argv[2]), 0

def hook(event, arguments):
    global seen
    if event in ("open", "os.rename", "os.remove") and folder in str(arguments[0]):
        if seen == point:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

journal = Journal(Path(folder))
before = journal.read()
sys.addaudithook(hook)
journal.write(replace(before, phase="committed"))
print(seen)
"""


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder with room for little more than the reserve."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1300k", "tmpfs", tmp_path], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        missing(f"a small file system cannot be mounted: {mounted.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def fill(folder: Path) -> None:
    """Leave no room at all."""
    with (folder / "fill").open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)
        except OSError:
            return


def test_what_was_written_is_read(journal: Journal) -> None:
    written = transaction(phase="stuck", attempts=3, reason="unhealthy", text="It never became healthy.")
    written = replace(written, spec=ContainerSpec("dca", {"Image": "x"}, (("lan", {"Aliases": ["a"]}),), {"Name": "no"}))
    journal.write(written)
    assert journal.read() == written


def test_nothing_was_ever_written(journal: Journal) -> None:
    assert journal.read() is None


def test_only_its_owner_may_read_it(journal: Journal) -> None:
    journal.write(transaction())
    journal.write(transaction())
    assert [stat.S_IMODE(file.stat().st_mode) for file in journal.folder.iterdir()] == [0o600, 0o600]


@pytest.mark.parametrize(
    "broken", [b"", b"{", b"[]", b'{"format": 2, "phase": "switching"}', b'{"format": 1, "phase": "switching"}']
)
def test_broken_file_gives_what_was_written_before(journal: Journal, broken: bytes) -> None:
    journal.write(transaction(phase="switching"))
    journal.write(transaction(phase="committed"))
    (journal.folder / "journal.json").write_bytes(broken)
    found = journal.read()
    assert found is not None
    assert found.phase == "switching"
    (journal.folder / "journal.prev.json").write_bytes(broken)
    assert journal.read() is None


def test_field_of_a_later_version_is_left_out(journal: Journal) -> None:
    value = transaction().to_json() | {"later": 1}
    assert Transaction.from_json(value) == transaction()


def test_process_killed_anywhere_leaves_the_old_content_or_the_new(journal: Journal) -> None:
    phases = set()
    for point in range(100):
        journal.write(transaction(phase="switching"))
        ended = run_child(["python", "-c", WRITE_AND_DIE, journal.folder, str(point)])
        found = journal.read()
        assert found is not None
        phases.add(found.phase)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
    assert point > 4
    assert phases == {"switching", "committed"}


def test_full_disk_is_met_with_the_reserve(small_disk: Path) -> None:
    journal = Journal(small_disk)
    journal.write(transaction(phase="switching"))
    journal.keep_reserve()
    fill(small_disk)

    journal.write(transaction(phase="rolling_back"))

    found = journal.read()
    assert found is not None
    assert found.phase == "rolling_back"
    assert not (small_disk / "reserve").exists()


def test_full_disk_without_reserve_leaves_the_old_content(small_disk: Path) -> None:
    journal = Journal(small_disk)
    journal.write(transaction(phase="switching"))
    fill(small_disk)
    with pytest.raises(OSError, match="No space"):
        journal.write(transaction(phase="rolling_back"))
    found = journal.read()
    assert found is not None
    assert found.phase == "switching"


def test_reserve_that_finds_no_room_leaves_nothing(small_disk: Path) -> None:
    fill(small_disk)
    with pytest.raises(OSError, match="No space"):
        Journal(small_disk).keep_reserve()
    assert not (small_disk / "reserve").exists()


def test_reserve_is_taken_once(journal: Journal) -> None:
    journal.keep_reserve()
    taken = (journal.folder / "reserve").stat()
    journal.keep_reserve()
    assert taken.st_size == RESERVE_BYTES
    assert taken.st_mtime_ns == (journal.folder / "reserve").stat().st_mtime_ns
