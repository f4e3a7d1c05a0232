"""Whether there is room for another image: asked before anything is fetched.

The engine does not tell how full its disk is. But the host's files that it mounts into each container (/etc/hostname) lie on that
disk, and so does the top layer of the container's root: what statvfs(3) says of them is about the disk of the engine.
"""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from appliance.common.message import Message
from updater.engine.mounts import file_system_of, mount_points
from updater.errors import NoRoomError

RESERVE_BYTES = 500_000_000
"""What fetching an image has to leave on the disk of the engine."""
IMAGE_TIMES = 2
"""An image is there packed and unpacked for a while, and the old one stays."""
DATA_RESERVE_BYTES = 50_000_000
"""What an archive has to leave in the data folder: readings go on being kept."""
WITNESSES = ("/etc/hostname", "/")
IN_MEMORY = ("tmpfs", "ramfs")


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk: which it is by its file system's id, and the bytes an unprivileged user may still write."""

    id: int
    free: int


def disk_of(place: Path) -> Disk | None:
    """Return the disk that `place`, or the nearest folder above it that is there, lies on; None when nobody can tell."""
    for existing in (place, *place.parents):
        if existing.exists():
            try:
                status = os.statvfs(existing)
            except OSError:
                return None
            return Disk(status.f_fsid, status.f_bavail * status.f_frsize)
    return None


def engine_disk(mount_info: str) -> Disk | None:
    """Return the disk of the engine that runs this container; None where nothing of it is in sight."""
    mounted = mount_points(mount_info)
    for witness in WITNESSES:
        kind = file_system_of(mount_info, PurePosixPath(witness))
        is_own = Path(witness) in mounted and (witness != "/" or kind == "overlay")
        if is_own and kind not in IN_MEMORY and (disk := disk_of(Path(witness))):
            return disk
    return None


def require_room(image_bytes: int, archive_bytes: int, *, data: Path, engine: Disk | None) -> None:
    """Raise NoRoomError unless there is room for an image of `image_bytes` unpacked and its archive (0 where it is pulled).

    `data` is where the archive goes. Where the disk of the engine is unknown, that of the data folder, which it usually shares, is
    taken for it.
    """
    folder = disk_of(data)
    for_image = IMAGE_TIMES * image_bytes + RESERVE_BYTES
    for_archive = archive_bytes + DATA_RESERVE_BYTES if archive_bytes else 0
    where = engine or folder
    if where and folder and where.id == folder.id:
        _require(where, for_image + archive_bytes, "the disk of the container engine and the data folder")
        return
    if where:
        _require(where, for_image, "the disk of the container engine")
    if folder:
        _require(folder, for_archive, f"the disk of the data folder {data}")


def _require(disk: Disk, needed: int, name: str) -> None:
    if disk.free < needed:
        raise NoRoomError(
            Message(
                "There is no room for the new version on %(name)s: it needs %(megabytes)s MB, and %(free)s "
                "MB are free. Free some space, for example with `docker image prune`.",
                name=name,
                megabytes=_megabytes(needed),
                free=_megabytes(disk.free),
            )
        )


def _megabytes(count: int) -> int:
    return count // 1_000_000
