"""`wanted.json`: which version is to be installed, for an agent of the host where the appliance has no container engine.

It is there exactly while that version is due but for the engine: level, window, hold, cohort and approval have been looked at.
"""

import contextlib
from pathlib import Path

import structlog

from appliance.files import to_json, write_atomic
from appliance.release import Release
from updater.by_hand import pinned

FILE = "wanted.json"

log = structlog.get_logger()


class Wanted:
    """The file; written when what it says changes. On a full disk it is late, which is logged once."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._told: bytes | None = None

    def tell(self, release: Release | None, platform: str) -> None:
        """Have `release` installed, or nothing."""
        source = pinned(release, platform) if release else None
        content = b""
        if release and source:
            content = to_json({"version": release.version, "counter": release.counter, "image": source})
        if content != self._told:
            self._write(content)
            self._told = content

    def _write(self, content: bytes) -> None:
        try:
            if not content:
                self._file.unlink(missing_ok=True)
                return
            with contextlib.suppress(FileNotFoundError):
                if self._file.read_bytes() == content:
                    return
            self._file.parent.mkdir(mode=0o700, exist_ok=True)
            # An agent of the host reads it.
            write_atomic(self._file, content, mode=0o644)
        except OSError as error:
            log.warning("What is to be installed could not be written down.", file=str(self._file), reason=error.strerror)
