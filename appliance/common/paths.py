"""Where an appliance keeps its things: the data volume and the folder of its control sockets."""

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.common.errors import DataFolderError

DEFAULT_DATA_FOLDER = "/data"
DEFAULT_RUN_FOLDER = "/run/dca"


@dataclass(frozen=True, slots=True)
class Paths:
    """The files and folders of one appliance."""

    data: Path
    run: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Paths":
        """Return the paths named by `DCA_DATA_DIR` and `DCA_RUN_DIR`.

        Without `DCA_RUN_DIR`, sockets live in `/run/dca` where that can be written (as in the image), else in `run/` inside the
        data folder, as with a read-only root filesystem.
        """
        data = Path(environment.get("DCA_DATA_DIR") or DEFAULT_DATA_FOLDER).absolute()
        in_image = str(data) == DEFAULT_DATA_FOLDER and os.access(DEFAULT_RUN_FOLDER, os.W_OK | os.X_OK)
        fallback = DEFAULT_RUN_FOLDER if in_image else data / "run"
        return cls(data=data, run=Path(environment.get("DCA_RUN_DIR") or fallback).absolute())

    @property
    def settings(self) -> Path:
        """The settings, accounts and enrolment (TinyDB)."""
        return self.data / "settings.json"

    @property
    def readings(self) -> Path:
        """Devices, readings, events and the outbox (SQLite)."""
        return self.data / "readings.db"

    @property
    def trust(self) -> Path:
        """The private request key, and trusted metadata."""
        return self.data / "trust"

    @property
    def definitions(self) -> Path:
        """Vendor definitions of the site, `*.toml`, read after the built-in ones; there need not be such a folder."""
        return self.data / "definitions"

    @property
    def update(self) -> Path:
        """What replacing the container needs and leaves behind: journal, history, archives; made by whoever writes to it."""
        return self.data / "update"

    @property
    def received_definitions(self) -> Path:
        """Vendor definitions that came with signed configuration, `SHA256.toml`."""
        return self.update / "definitions"

    @property
    def bundle(self) -> Path:
        """A bundle with a new version that a person has brought."""
        return self.data / "update" / "bundle" / "incoming.tar"

    def repository(self, root_sha256: str) -> Path:
        """Return the folder of trusted metadata of the repository that began with this root."""
        return repository_folder(self.trust, root_sha256)

    @property
    def logs(self) -> Path:
        """Rotated JSON lines for the log viewer."""
        return self.data / "logs"

    @property
    def main_lock(self) -> Path:
        """Held by the one main process that may use this data folder."""
        return self.data / ".main.lock"

    @property
    def collector_lock(self) -> Path:
        """Held by the one collector that may write the readings of this data folder."""
        return self.data / ".collector.lock"

    @property
    def collector_socket(self) -> Path:
        """Control socket of the collector."""
        return self.run / "collector.sock"

    @property
    def supervisor_socket(self) -> Path:
        """Control socket of the supervisor."""
        return self.run / "supervisor.sock"

    def prepare(self) -> None:
        """Make the folders. Raises DataFolderError with the remedy when that is not possible."""
        for folder, variable in (
            (self.data, "DCA_DATA_DIR"),
            (self.trust, "DCA_DATA_DIR"),
            (self.logs, "DCA_DATA_DIR"),
            (self.run, "DCA_RUN_DIR"),
        ):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                if error.errno == errno.EROFS:
                    raise _read_only(folder, variable) from error
                raise DataFolderError(
                    f"The folder {folder} cannot be made: {error.strerror}. Give user {os.getuid()} write access to "
                    f"{folder.parent}, or name another folder in {variable}."
                ) from error
            if os.statvfs(folder).f_flag & os.ST_RDONLY:
                raise _read_only(folder, variable)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise DataFolderError(
                    f"The folder {folder} is not writable for user {os.getuid()}. Run `chown -R {os.getuid()} {folder}` "
                    f"on the host, or name another folder in {variable}."
                )


def _read_only(folder: Path, variable: str) -> DataFolderError:
    return DataFolderError(
        f"The folder {folder} lies on a volume that is mounted read-only. Mount it writable (without :ro or readonly; where a disk "
        f"has become read-only after faults, look at the log of the host), or name another folder in {variable}."
    )


def repository_folder(trust_folder: Path, root_sha256: str) -> Path:
    """Return the folder of one repository: another hosting server has another root, and so a folder of its own."""
    return trust_folder / "repository" / root_sha256[:16]


def bootstrap_root(repository: Path) -> Path:
    """Return the file of the root that came with the enrolment, from which all trust in the repository begins."""
    return repository / "bootstrap" / "root.json"
