"""The file `settings.json`: site settings, hosting settings, accounts, tokens, sessions and the enrolment, as TinyDB tables."""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinydb import TinyDB, where
from tinydb.middlewares import CachingMiddleware

from appliance.errors import DataFolderError, SettingsError
from appliance.settings.environment import environment_layer
from appliance.settings.layers import Effective, Values, check_hosting_targets, resolve
from appliance.settings.storage import DurableStorage


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
                f"The settings in {self._path.parent} cannot be opened: {error.strerror}. Check that the data folder exists "
                "and is writable, or name another one in DCA_DATA_DIR."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
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
            hosting, site = _layer(tables, "hosting"), _layer(tables, "site")
        return resolve(hosting, site, values, variables)

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
                        f"{section}.{field} is set by {variable} in the environment of the appliance. Change it there."
                    )
        with self._tables() as tables:
            site = _layer(tables, "site")
            for section, fields in changes.items():
                merged = site.get(section, {}) | dict(fields)
                site[section] = {field: value for field, value in merged.items() if value is not None}
            effective = resolve(_layer(tables, "hosting"), site, values, variables)
            table = tables.table("settings_site")
            for section in changes:
                table.upsert({"section": section, "fields": site[section]}, where("section") == section)
        return effective

    def replace_hosting(self, layer: Values) -> Effective:
        """Take `layer` as what the hosting server sets; return the settings then in force. SettingsError: nothing was changed."""
        values, variables = environment_layer(self._environment)
        with self._tables() as tables:
            effective = resolve(layer, _layer(tables, "site"), values, variables)
            check_hosting_targets(effective)
            table = tables.table("settings_hosting")
            table.truncate()
            table.insert_multiple({"section": section, "fields": dict(fields)} for section, fields in layer.items())
        return effective

    def documents(self, table: str) -> list[dict[str, Any]]:
        """Return the documents of a table such as `accounts`, `tokens`, `sessions` or `enrolment`."""
        with self._tables() as tables:
            return [dict(row) for row in tables.table(table).all()]

    def change_documents(self, table: str, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        """Replace the documents of `table` by what `change` makes of them, in one step that no other process can come between."""
        with self._tables() as tables:
            rows = [dict(row) for row in tables.table(table).all()]
            changed = change(rows)
            tables.table(table).truncate()
            tables.table(table).insert_multiple(changed)


def _layer(tables: TinyDB, name: str) -> dict[str, dict[str, Any]]:
    return {row["section"]: dict(row["fields"]) for row in tables.table(f"settings_{name}").all()}
