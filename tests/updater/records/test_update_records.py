"""History, denied releases and acknowledgements: read as they were written, and never a reason not to run."""

from dataclasses import replace
from pathlib import Path

import pytest

from updater.records import acknowledgement, denied, history
from updater.records.acknowledgement import Acknowledgement
from updater.records.denied import Denied
from updater.records.history import Result, end_of_log

RESULT = Result(
    transaction="0123456789ab",
    from_version="0.1.0",
    to_version="0.2.0",
    started_at="2026-11-26T01:00:00Z",
    finished_at="2026-11-26T01:02:00Z",
    seconds=120.0,
    outcome="rolled_back",
    reason="unhealthy",
    text="It never became healthy.",
    by="auto",
    log="the end",
    seconds_without_web=8.5,
)
DENIED = Denied("sha256:" + "1" * 64, "0.2.0", 7, "2026-11-26T01:02:00Z", "unhealthy")
ACKNOWLEDGEMENT = Acknowledgement("0123456789ab", "0.2.0", "2026-11-26T01:01:00Z", "ready", None, True, True, "ok", "")


def test_newest_result_is_first_and_the_oldest_goes(tmp_path: Path) -> None:
    for number in range(60):
        history.add(tmp_path, replace(RESULT, transaction=f"{number:012x}"))
    found = history.read(tmp_path)
    assert len(found) == 50
    assert found[0] == replace(RESULT, transaction=f"{59:012x}")


def test_result_told_twice_is_there_once(tmp_path: Path) -> None:
    history.add(tmp_path, replace(RESULT, outcome="stuck"))
    history.add(tmp_path, RESULT)
    assert history.read(tmp_path) == (RESULT,)


def test_end_of_a_log_is_cut_between_characters() -> None:
    assert end_of_log("ü" * 10_000) == "ü" * 4096
    assert end_of_log("short") == "short"


def test_denied_release_is_allowed_again_by_its_version(tmp_path: Path) -> None:
    denied.add(tmp_path, DENIED)
    denied.add(tmp_path, replace(DENIED, reason="crashed"))
    assert denied.read(tmp_path) == (replace(DENIED, reason="crashed"),)
    assert not denied.clear(tmp_path, "0.3.0")
    assert denied.clear(tmp_path, "0.2.0")
    assert denied.read(tmp_path) == ()


def test_acknowledgement_is_read_by_its_transaction(tmp_path: Path) -> None:
    acknowledgement.write(tmp_path, ACKNOWLEDGEMENT)
    assert acknowledgement.read(tmp_path, ACKNOWLEDGEMENT.transaction) == ACKNOWLEDGEMENT
    assert acknowledgement.read(tmp_path, "f" * 12) is None


def test_transaction_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no transaction"):
        acknowledgement.write(tmp_path, replace(ACKNOWLEDGEMENT, transaction="../../etc"))
    assert acknowledgement.read(tmp_path, "../../etc") is None


@pytest.mark.parametrize("broken", [b"", b"[1]", b'{"a": 1}', b'[{"config": 1}]', b'{"stage": "perfect"}'])
def test_broken_file_says_nothing(tmp_path: Path, broken: bytes) -> None:
    for name in ("history.json", "denied.json", "ack-0123456789ab.json"):
        (tmp_path / name).write_bytes(broken)
    assert history.read(tmp_path) == ()
    assert denied.read(tmp_path) == ()
    assert acknowledgement.read(tmp_path, "0123456789ab") is None
