"""`wanted.json`: which version is to be installed, for an agent of the host where the appliance has no container engine.

It is there exactly while that version is due but for the engine: level, window, hold, cohort and approval have been looked at.
"""

import contextlib
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import structlog

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.files import from_json, to_json, write_atomic
from appliance.common.message import Message
from appliance.common.version import installed_version
from appliance.release import Release
from updater.records import history
from updater.records.history import Result
from updater.releases.manual_commands import pinned

FILE = "wanted.json"
HOST = "host"
"""Who has installed a version that this appliance could not install."""

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
            said = {"version": release.version, "counter": release.counter, "image": source, "from_version": installed_version()}
            content = to_json(said)
        if content != self._told:
            self._write(content)
            self._told = content

    def settle(self) -> None:
        """Note in the history that the host has installed what was wanted, if it has: the version that runs says so."""
        try:
            said = from_json(self._file.read_bytes())
            version, before = str(said["version"]), str(said["from_version"])
            wanted_at = datetime.fromtimestamp(self._file.stat().st_mtime, UTC)
            if version != installed_version() or version == before:
                return
            now = utc_now()
            text = Message(
                "Version %(version)s was installed by the host, which had waited for it in %(file)s.", version=version, file=FILE
            )
            digest = hashlib.sha256(f"{version} {wanted_at}".encode()).hexdigest()
            history.add(
                self._file.parent,
                Result(
                    transaction=digest[:12],
                    from_version=before,
                    to_version=version,
                    started_at=to_rfc3339(wanted_at),
                    finished_at=to_rfc3339(now),
                    seconds=max(0.0, (now - wanted_at).total_seconds()),
                    outcome="installed",
                    reason="",
                    text=text,
                    by=HOST,
                ),
            )
            self._file.unlink()
        except FileNotFoundError:
            return
        except (OSError, ValueError, LookupError, TypeError) as error:
            log.warning("What the host has installed could not be noted.", reason=str(error))

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
