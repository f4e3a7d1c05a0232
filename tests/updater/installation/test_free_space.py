"""Room for another image: twice its size and a reserve on the disk of the engine, and the archive in the data folder."""

import os
from pathlib import Path

import pytest

from updater.errors import NoRoomError
from updater.installation.free_space import Disk, disk_of, engine_disk, require_room

MEGABYTE = 1_000_000
OVERLAY = "1 0 0:1 / / rw - overlay overlay rw,upperdir=/u\n"
HOSTNAME = "2 1 8:1 /containers/1/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"


@pytest.mark.parametrize(("free", "enough"), [(828, True), (827, False)])
def test_an_image_that_is_pulled_needs_twice_its_size_and_a_reserve(tmp_path: Path, free: int, enough: bool) -> None:
    engine = Disk(-1, free * MEGABYTE)
    if enough:
        require_room(164 * MEGABYTE, 0, data=tmp_path, engine=engine)
        return
    with pytest.raises(NoRoomError, match="it needs 828 MB, and 827 MB are free"):
        require_room(164 * MEGABYTE, 0, data=tmp_path, engine=engine)


def test_an_archive_needs_room_in_the_data_folder_too(tmp_path: Path) -> None:
    folder = disk_of(tmp_path)
    assert folder is not None
    with pytest.raises(NoRoomError, match=str(tmp_path)):
        require_room(1, folder.free, data=tmp_path, engine=Disk(folder.id + 1, 1 << 60))


def test_one_disk_for_both_needs_room_for_both(tmp_path: Path) -> None:
    folder = disk_of(tmp_path)
    assert folder is not None
    both = Disk(folder.id, 900 * MEGABYTE)
    require_room(164 * MEGABYTE, 70 * MEGABYTE, data=tmp_path, engine=both)
    with pytest.raises(NoRoomError, match="and the data folder"):
        require_room(164 * MEGABYTE, 80 * MEGABYTE, data=tmp_path, engine=both)


def test_the_data_folder_stands_for_an_engine_whose_disk_nobody_sees(tmp_path: Path) -> None:
    folder = disk_of(tmp_path)
    assert folder is not None
    with pytest.raises(NoRoomError, match="the disk of the container engine"):
        require_room(folder.free, 0, data=tmp_path, engine=None)


def test_a_folder_that_is_yet_to_be_made_lies_on_the_disk_of_the_one_above(tmp_path: Path) -> None:
    assert disk_of(tmp_path / "images" / "new") is not None


def test_the_file_that_the_engine_mounts_shows_its_disk() -> None:
    status = os.statvfs("/etc/hostname")

    found = engine_disk(OVERLAY + HOSTNAME)

    assert found is not None
    assert found.id == status.f_fsid


@pytest.mark.parametrize("mounts", ["", HOSTNAME.replace("ext4", "tmpfs"), OVERLAY.replace("overlay", "btrfs")])
def test_what_is_no_file_of_the_engine_shows_nothing(mounts: str) -> None:
    assert engine_disk(mounts) is None
