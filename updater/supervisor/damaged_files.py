"""What stands on the data volume and cannot be read: told once at each start. It counts as not there, and is left alone."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import structlog

from appliance.common.errors import DcaError
from appliance.common.paths import Paths
from appliance.settings.store import SettingsStore
from updater.records import approval, denied, history, journal, offered, progress
from updater.records.json_file import read_record, require_records
from updater.supervisor import stability_watch

log = structlog.get_logger()

READERS: Mapping[str, Callable[[Path], object]] = {
    journal.FILE: journal.read_transaction,
    journal.PREVIOUS_FILE: journal.read_transaction,
    history.FILE: partial(require_records, history.Result),
    denied.FILE: partial(require_records, denied.Denied),
    offered.FILE: offered.read_file,
    approval.FILE: partial(read_record, approval.Approval),
    progress.FILE: partial(read_record, progress.Progress),
    stability_watch.FILE: partial(read_record, stability_watch.StabilityRecord),
}
"""By the name of a file below `update/` what reads it, or raises OSError or ValueError."""


def tell_damaged(paths: Paths, settings: SettingsStore) -> None:
    """Log each file that cannot be read, and what of the settings."""
    for file, reason in _damaged(paths, settings):
        log.warning("What is kept here cannot be read, and counts as if it were not there.", file=str(file), reason=reason)


def _damaged(paths: Paths, settings: SettingsStore) -> Iterator[tuple[Path, str]]:
    for name, read in READERS.items():
        try:
            read(paths.update / name)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            yield paths.update / name, str(error)
    try:
        if unreadable := settings.unreadable():
            yield paths.settings, unreadable
    except DcaError as error:
        yield paths.settings, str(error)
