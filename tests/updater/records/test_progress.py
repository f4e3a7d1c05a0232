"""The progress of a replacement: told by whoever works on it, read by the supervisor, and no reason for anything to fail."""

from pathlib import Path

import pytest

from updater.records import progress
from updater.records.progress import ProgressFile


def test_the_last_moment_told_is_read(tmp_path: Path) -> None:
    file = ProgressFile(tmp_path, "0123456789ab")
    file.tell("checking", "looking what there is")
    file.of("downloading")("Downloading", 42)

    read = progress.read(tmp_path)

    assert read is not None
    assert (read.transaction, read.stage, read.percent, read.text) == ("0123456789ab", "downloading", 42, "Downloading")
    assert [file.name for file in tmp_path.iterdir()] == ["progress.json"]


def test_nothing_told_is_nothing_to_show(tmp_path: Path) -> None:
    assert progress.read(tmp_path) is None
    progress.clear(tmp_path)
    ProgressFile(tmp_path, "0123456789ab").tell("gate", "waiting")
    progress.clear(tmp_path)
    assert progress.read(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"transaction":"1","stage":"none","percent":1,"text":"","at":""}'])
def test_what_a_power_cut_left_is_nothing_to_show(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "progress.json").write_bytes(content)

    assert progress.read(tmp_path) is None


def test_a_folder_that_is_not_there_stops_nobody(tmp_path: Path) -> None:
    ProgressFile(tmp_path / "none", "0123456789ab").tell("gate", "waiting")
