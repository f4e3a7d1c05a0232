"""The file `settings.json`: site settings, hosting settings, accounts, tokens, sessions and the enrolment, as TinyDB tables.

TinyDB's own storage rewrites the file in place and can leave half of it. This one takes a lock, writes a new file, makes it durable
and renames it; a good copy stays beside it. A file that cannot be read is kept aside and the good copy used instead.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
from tinydb import TinyDB, where
from tinydb.middlewares import CachingMiddleware
from tinydb.storages import Storage

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import DataFolderError, SettingsError, SettingsLostError
from appliance.common.files import from_json, to_json, write_atomic
from appliance.common.message import Message, message_of
from appliance.common.record import Record, record_of, records_of
from appliance.settings.configuration_state import Configuration, Received, ReceivedChange
from appliance.settings.environment import environment_layer, environment_notes
from appliance.settings.layers import (
    Effective,
    GuardrailError,
    Values,
    check_definitions,
    check_guardrails,
    resolve,
    resolve_what_fits,
    usable_site,
)
from appliance.settings.rows import Choice, Registration

log = structlog.get_logger()

Tables = dict[str, dict[str, dict[str, Any]]]

RECOVERIES = "recoveries"
"""Table with one document for each time the good copy had to be used: `at`, `reason`, `kept_aside`."""

_NUMBER = re.compile(r"[0-9]{1,15}")
_SETTINGS: dict[str, type] = {"section": str, "fields": dict}
SHAPES: Mapping[str, Mapping[str, type]] = {
    "settings_site": _SETTINGS,
    "settings_hosting": _SETTINGS,
    "enrolment": {"url": str, "site_id": str},
    "accounts": {"name": str},
}
"""What each row of a table has at least: without it the appliance could do nothing with any of them."""

RECEIVED = "received"
"""Table with one document: what `Received` is written as."""
ENROLMENT = "enrolment"
"""Table with where the site is enrolled, as `Registration`."""
PRIVACY_CHOICE = "privacy_choice"
"""Table with the `Choice` of the masks."""
READABLE: Mapping[str, Callable[[dict[str, Any]], object]] = {
    RECEIVED: Received.from_json,
    ENROLMENT: lambda row: record_of(Registration, row),
    PRIVACY_CHOICE: lambda row: record_of(Choice, row),
}
"""What reads a row, or raises ValueError. The good copy is used where it has a better one; else such a row counts as none."""


class DurableStorage(Storage):
    """A TinyDB storage whose file is always whole. Used under the lock of the settings store."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._good_copy = path.with_suffix(".good.json")

    def read(self) -> Tables | None:
        """Return the tables, None when there are none yet.

        A broken or vanished file is replaced by the good copy beside it. Raises SettingsError when there is no good copy either,
        DataFolderError when a file cannot be read.
        """
        try:
            tables = _load(self._path)
        except FileNotFoundError:
            if not self._good_copy.exists():
                return None
            return self._recover("the file is gone")
        except ValueError as broken:
            return self._recover(str(broken))
        unreadable = unreadable_row(tables)
        return self._recover(unreadable) if unreadable and self._has_better() else tables

    def write(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace the tables. Raises DataFolderError when the disk is full or the folder not writable: the old file stays."""
        content = to_json(data)
        self._write(content)
        try:
            write_atomic(self._good_copy, content)
        except OSError as error:
            # The settings are safe; what is missing is only the newest spare copy.
            log.warning("the spare copy of the settings could not be written", file=str(self._good_copy), reason=error.strerror)

    def _write(self, content: bytes) -> None:
        try:
            write_atomic(self._path, content)
        except OSError as error:
            raise DataFolderError(
                Message(
                    "The settings could not be written to %(path)s: %(reason)s. The old settings stay in force. "
                    "Free some space, or make the data folder writable.",
                    path=self._path,
                    reason=error.strerror,
                )
            ) from error

    def _has_better(self) -> bool:
        try:
            return unreadable_row(_load(self._good_copy)) is None
        except (OSError, ValueError, DataFolderError):
            return False

    def _recover(self, reason: str) -> Tables:
        try:
            tables = _load(self._good_copy)
        except (FileNotFoundError, ValueError) as error:
            raise SettingsLostError(
                Message(
                    "The settings file %(path)s is broken (%(reason)s) and there is no good copy beside it. Restore it from a "
                    "backup, or move it and %(copy)s away to start from the first-run setup.",
                    path=self._path,
                    reason=reason,
                    copy=self._good_copy.name,
                )
            ) from error
        aside = self._keep_aside()
        rows = tables.setdefault(RECOVERIES, {})
        number = max(map(int, rows), default=0) + 1
        rows[str(number)] = {"at": to_rfc3339(utc_now()), "reason": reason, "kept_aside": aside and str(aside)}
        self._write(to_json(tables))
        log.error(
            "the settings file was broken; the good copy is used",
            file=str(self._path),
            kept_aside=aside and str(aside),
            reason=reason,
        )
        return tables

    def _keep_aside(self) -> Path | None:
        """Keep the broken file under another name, without taking it away: there is a file at every moment."""
        if not self._path.exists():
            return None
        stamp = to_rfc3339(utc_now()).replace(":", "").replace("-", "")
        names = [self._path.with_name(f"{self._path.stem}.broken-{stamp}{ending}.json") for ending in ("", "-2", "-3", "-4")]
        aside = next((name for name in names if not name.exists()), names[-1])
        try:
            aside.unlink(missing_ok=True)
            try:
                os.link(self._path, aside)
            except OSError:  # a file system without hard links
                shutil.copyfile(self._path, aside)
                aside.chmod(0o600)
        except OSError as error:
            raise DataFolderError(
                Message(
                    "The broken settings file %(path)s could not be kept aside: %(reason)s. Free some space, or "
                    "make the data folder writable.",
                    path=self._path,
                    reason=error.strerror,
                )
            ) from error
        return aside


def unreadable_row(tables: Mapping[str, Mapping[Any, dict[str, Any]]]) -> str | None:
    """Return which row counts as none because it cannot be read, and why; None where all can be."""
    for name, read in READABLE.items():
        for row in tables.get(name, {}).values():
            try:
                read(row)
            except ValueError as error:
                return f"a row of {name} cannot be read ({error})"
    return None


def _tidy(path: Path) -> None:
    """Remove what a process has left that was killed while it wrote; whoever holds the lock is the only writer."""
    with suppress(OSError):
        for stale in path.parent.glob(f".{path.stem}*.json.*"):
            stale.unlink(missing_ok=True)


def _load(path: Path) -> Tables:
    """Return the tables in the file. Raises FileNotFoundError, DataFolderError, and ValueError for what TinyDB did not write."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DataFolderError(
            Message(
                "The settings file %(path)s cannot be read: %(reason)s. Make it readable for user %(user)s.",
                path=path,
                reason=error.strerror,
                user=os.getuid(),
            )
        ) from error
    tables = from_json(content)
    if not isinstance(tables, dict):
        raise ValueError("not a JSON object")
    for name, rows in tables.items():
        if not isinstance(rows, dict) or not all(
            _NUMBER.fullmatch(number) and isinstance(row, dict) for number, row in rows.items()
        ):
            raise ValueError(f"{name} is no table")
        for field, kind in SHAPES.get(name, {}).items():
            if not all(isinstance(row.get(field), kind) for row in rows.values()):
                raise ValueError(f"a row of {name} has no {field} that can be used")
    return tables


class SettingsStore:
    """The settings file, shared by the processes of an appliance: each call takes the lock and sees whole changes of the others."""

    def __init__(self, path: Path, environment: Mapping[str, str] = os.environ) -> None:
        self._path = path
        self._environment = environment

    @contextmanager
    def _tables(self) -> Iterator[TinyDB]:
        lock = self._path.with_suffix(".lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataFolderError(
                Message(
                    "The settings in %(parent)s cannot be opened: %(reason)s. Check that the data folder exists "
                    "and is writable, or name another one in DCA_DATA_DIR.",
                    parent=self._path.parent,
                    reason=error.strerror,
                )
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _tidy(self._path)
            tables = TinyDB(self._path, storage=CachingMiddleware(DurableStorage))  # type: ignore[no-untyped-call]
            yield tables
            # All changes of one `with` block reach the file here, in one write; after an exception none does.
            tables.close()
        finally:
            os.close(descriptor)

    def effective(self) -> Effective:
        """Return the settings in force. Raises SettingsError naming the value that cannot be used."""
        values, variables = environment_layer(self._environment)
        with self._tables() as tables:
            hosting, site, in_force = _layer(tables, "hosting"), _layer(tables, "site"), _received(tables).in_force
        usable, notes = usable_site(site)
        effective = _resolve(hosting, usable, values, variables, in_force)
        return replace(effective, notes=(*environment_notes(self._environment), *notes, *effective.notes))

    def effective_with(self, configuration: Configuration) -> Effective:
        """Return the settings that would be in force with this signed configuration.

        Raises GuardrailError when it lies outside the guardrails, SettingsError when it cannot be used.
        """
        values, variables = environment_layer(self._environment)
        with self._tables() as tables:
            hosting, (site, _) = _layer(tables, "hosting"), usable_site(_layer(tables, "site"))
        effective = resolve(hosting, site, values, variables, configuration.values())
        check_guardrails(effective)
        check_definitions(effective, configuration.definitions())
        return effective

    def received(self) -> Received:
        """Return what was received as signed configuration, and what became of it."""
        with self._tables() as tables:
            return _received(tables)

    def change_received(self, change: ReceivedChange) -> Received:
        """Replace what was received by what `change` makes of it, in one write, and return that."""
        with self._tables() as tables:
            before = _received(tables)
            after = change(before)
            if after != before:
                table = tables.table(RECEIVED)
                table.truncate()
                table.insert(after.to_json())
        return after

    def layer(self, name: str) -> dict[str, dict[str, Any]]:
        """Return what the layer `site` or `hosting` sets, nested by section."""
        with self._tables() as tables:
            return _layer(tables, name)

    def change_site(self, changes: Values) -> Effective:
        """Merge `changes` into the site layer and return the settings then in force.

        A field whose new value is None goes back to the layer below. Raises SettingsError, and changes nothing, when the result
        would not be valid or a field is fixed by the environment.
        """
        values, variables = environment_layer(self._environment)
        for section, fields in changes.items():
            for field in fields:
                if variable := variables.get(f"{section}.{field}"):
                    raise SettingsError(
                        Message(
                            "%(section)s.%(field)s is set by %(variable)s in the environment of the appliance. Change it there.",
                            section=section,
                            field=field,
                            variable=variable,
                        )
                    )
        with self._tables() as tables:
            kept = _layer(tables, "site")
            site = _changed(kept, changes)
            # What was kept by an earlier version and cannot be used any more is in the way of no other change.
            usable = _changed(usable_site(kept)[0], changes)
            effective = _resolve(_layer(tables, "hosting"), usable, values, variables, _received(tables).in_force)
            table = tables.table("settings_site")
            for section in changes:
                table.upsert({"section": section, "fields": site[section]}, where("section") == section)
        return effective

    def replace_hosting(self, layer: Values) -> Effective:
        """Take `layer` as what the hosting server sets; return the settings then in force. SettingsError: nothing was changed."""
        values, variables = environment_layer(self._environment)
        with self._tables() as tables:
            site, _ = usable_site(_layer(tables, "site"))
            check_guardrails(resolve(layer, site, values, variables))
            effective = _resolve(layer, site, values, variables, _received(tables).in_force)
            table = tables.table("settings_hosting")
            table.truncate()
            table.insert_multiple({"section": section, "fields": dict(fields)} for section, fields in layer.items())
        return effective

    def take_intervals(self, wanted: Mapping[str, Any]) -> Effective | None:
        """Take what a check-in asks for into the layer of the hosting server; None where that is so already. As replace_hosting."""
        layer = self.layer("hosting")
        return None if layer.get("hosting", {}) == wanted else self.replace_hosting(layer | {"hosting": wanted})

    def documents(self, table: str) -> list[dict[str, Any]]:
        """Return the documents of a table such as `accounts`, `tokens`, `sessions` or `enrolment`."""
        with self._tables() as tables:
            return [dict(row) for row in tables.table(table).all()]

    def records(self, table: str, kind: type[Record]) -> list[Record]:
        """Return the documents of a table as records, without those that are none."""
        return records_of(kind, self.documents(table))

    def unreadable(self) -> str | None:
        """Return which row counts as none because it cannot be read, and why; None where all can be."""
        with self._tables() as tables:
            return unreadable_row({name: dict(enumerate(tables.table(name).all())) for name in READABLE})

    def change_documents(self, table: str, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        """Replace the documents of `table` by what `change` makes of them, in one step that no other process can come between."""
        with self._tables() as tables:
            rows = [dict(row) for row in tables.table(table).all()]
            changed = change(rows)
            tables.table(table).truncate()
            tables.table(table).insert_multiple(changed)


def _changed(site: Values, changes: Values) -> dict[str, dict[str, Any]]:
    changed = {section: dict(fields) for section, fields in site.items()}
    for section, fields in changes.items():
        merged = changed.get(section, {}) | dict(fields)
        changed[section] = {field: value for field, value in merged.items() if value is not None}
    return changed


def _layer(tables: TinyDB, name: str) -> dict[str, dict[str, Any]]:
    return {row["section"]: dict(row["fields"]) for row in tables.table(f"settings_{name}").all()}


def _received(tables: TinyDB) -> Received:
    for row in tables.table(RECEIVED).all():
        try:
            return Received.from_json(row)
        except ValueError as error:
            log.error("what is kept of the signed configuration cannot be read; it is fetched again", reason=str(error))
    return Received()


def _resolve(
    hosting: Values, site: Values, environment: Values, variables: Mapping[str, str], in_force: Configuration | None
) -> Effective:
    """Return the effective settings, without the signed configuration where it does not fit, its definitions included."""
    received = in_force.values() if in_force else ()
    effective = resolve_what_fits(hosting, site, environment, variables, received)
    try:
        check_definitions(effective, in_force.definitions() if in_force and not effective.left_out else ())
    except GuardrailError as error:
        return replace(resolve_what_fits(hosting, site, environment, variables, ()), left_out=message_of(error))
    return effective


def rejection_of(path: Path) -> str | None:
    """Return which configuration of the hosting server was not taken, and why; None also where this process may not look.

    `path` is `Paths.settings`. Raises SettingsError, DataFolderError.
    """
    return SettingsStore(path).received().rejection() if os.access(path, os.R_OK | os.W_OK) else None
