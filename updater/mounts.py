"""What is mounted, by /proc/self/mountinfo (proc(5)). Pure."""

import re
from pathlib import Path


def mount_points(mount_info: str) -> frozenset[Path]:
    """Return where something is mounted."""
    rows = [line.split() for line in mount_info.splitlines()]
    return frozenset(Path(unescaped(row[4])) for row in rows if len(row) > 4)


def unescaped(text: str) -> str:
    """Return a path of that file as it is: blanks and the like stand in it as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)
