"""Which version a person has asked for, kept over a restart: an installation that fails on the way is tried again."""

from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.common.errors import DataFolderError
from appliance.common.message import Message
from appliance.common.record import Moment
from updater.records.json_file import read_record, write_record

FILE = "approval.json"


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's word."""

    version: str
    by: str
    at: Moment
    """RFC 3339."""


class Approvals:
    """The newest one, in a file below `Paths.update`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self.given = self._read()

    def give(self, approval: Approval) -> None:
        """Keep an approval in place of an earlier one. Raises DataFolderError."""
        try:
            write_record(self._file, asdict(approval))
        except OSError as error:
            raise DataFolderError(
                Message(
                    "That version %(version)s is wanted could not be written down: %(reason)s. Free some space, or "
                    "make the data folder writable.",
                    version=approval.version,
                    reason=error.strerror,
                )
            ) from error
        self.given = approval

    def take_back(self) -> None:
        """Forget it: it has been acted upon, or there is nothing left to act upon."""
        self._file.unlink(missing_ok=True)
        self.given = None

    def _read(self) -> Approval | None:
        try:
            return read_record(Approval, self._file)
        except (OSError, ValueError):  # none, or none that can be read: a person asks again
            return None
