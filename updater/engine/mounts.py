"""What is mounted, by /proc/self/mountinfo (proc(5)). Pure."""

import re
from pathlib import Path, PurePosixPath


def mount_points(mount_info: str) -> frozenset[Path]:
    """Return where something is mounted."""
    rows = [line.split() for line in mount_info.splitlines()]
    return frozenset(Path(unescaped(row[4])) for row in rows if len(row) > 4)


def file_system_of(mount_info: str, folder: PurePosixPath) -> str:
    """Return the type of the file system `folder` lies on by /proc/self/mountinfo (proc(5)); empty where it is not there."""
    found: dict[PurePosixPath, str] = {}
    for line in mount_info.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) > 4 and after:
            found[PurePosixPath(unescaped(fields[4]))] = after.split()[0]
    return next((found[place] for place in (folder, *folder.parents) if place in found), "")


def unescaped(text: str) -> str:
    """Return a path of that file as it is: blanks and the like stand in it as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)
