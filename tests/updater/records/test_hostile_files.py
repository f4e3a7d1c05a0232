"""Whatever stands in a file below `update/`, nobody ends for it: it is read as nothing, or as what was written before."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from updater.records import acknowledgement, denied, history, offered, progress
from updater.records.approval import Approvals
from updater.records.journal import Journal
from updater.releases.wanted_file import Wanted
from updater.supervisor.stability_watch import StabilityWatch

TRANSACTION = "0123456789ab"
ROW = {
    "transaction": TRANSACTION,
    "config": "sha256:a",
    "version": ["1"],
    "counter": "many",
    "at": 5,
    "reason": None,
    "stage": "ready",
}
HOSTILE = [
    b"",
    b"null",
    b"7",
    b'"text"',
    b"[]",
    b"{}",
    b"[7, null, [], {}]",
    b"\xff\xfe\x00",
    b"9" * 5000,
    b'{"version": ' + b"9" * 5000 + b"}",
    b"[" * 100_000,
    b"[" * 500 + b"]" * 500,
    b'{"a":' * 400 + b"1" + b"}" * 400,
    b'{"version": "1.0.0", "since": "yesterday", "late_rollback": true, "crashes": "many"}',
    b'{"version": "1.0.0", "since": "2026-13-40", "late_rollback": true}',
    json.dumps(ROW).encode(),
    json.dumps([ROW]).encode(),
    json.dumps(
        {name: [] for name in (*ROW, "rollout_marker", "catalogue", "rollout", "group", "floor", "problem", "from_version")}
    ).encode(),
    b'{"version": "\\ud800", "from_version": "\\ud800"}',
]


def _watched(folder: Path) -> object:
    watch = StabilityWatch(folder)
    watch.started()
    return watch.degraded() or watch.wants_back


READERS: dict[str, Callable[[Path], object]] = {
    "history.json": history.read,
    "denied.json": denied.read,
    "offered.json": offered.read,
    "progress.json": progress.read,
    "journal.json": lambda folder: Journal(folder).read(),
    f"ack-{TRANSACTION}.json": lambda folder: acknowledgement.read(folder, TRANSACTION),
    "approval.json": lambda folder: Approvals(folder).given,
    "stability.json": _watched,
    "wanted.json": lambda folder: Wanted(folder).settle(),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_a_file_of_any_content_is_read_as_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert not READERS[name](tmp_path)
