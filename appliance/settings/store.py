"""The file `settings.json`: site settings, hosting settings, accounts, tokens, sessions and the enrolment, as TinyDB tables.

Each call takes a lock; how the file is written and recovered stands in `durable_storage`.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
from tinydb import TinyDB, where
from tinydb.middlewares import CachingMiddleware

from appliance.common.errors import DataFolderError, SettingsError
from appliance.common.message import Message, message_of
from appliance.common.record import Record, records_of
from appliance.settings.configuration_state import Configuration, Received, ReceivedChange
from appliance.settings.durable_storage import DurableStorage, remove_leftovers
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
from appliance.settings.tables import READABLE, RECEIVED, unreadable_row

log = structlog.get_logger()


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
            remove_leftovers(self._path)
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
