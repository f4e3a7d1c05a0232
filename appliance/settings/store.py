"""The file `settings.json`: site settings, hosting settings, accounts, tokens, sessions and the enrolment, as TinyDB tables.

TinyDB's own storage rewrites the file in place and can leave half of it. This one takes a lock, writes a new file, makes it durable
and renames it; the previous good file stays beside it. A file that cannot be read is kept aside and the good copy used instead.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from tinydb import TinyDB, where
from tinydb.middlewares import CachingMiddleware
from tinydb.storages import Storage

from appliance.clock import to_rfc3339, utc_now
from appliance.errors import DataFolderError, SettingsError
from appliance.files import to_json, write_atomic
from appliance.settings.environment import environment_layer
from appliance.settings.layers import Effective, Values, resolve

log = structlog.get_logger()


class DurableStorage(Storage):
    """A TinyDB storage whose file is always whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._good_copy = path.with_suffix(".good.json")

    def read(self) -> dict[str, dict[str, Any]] | None:
        """Return the tables. A broken file is set aside and the last good copy returned; without one, SettingsError."""
        try:
            return _load(self._path)
        except FileNotFoundError:
            return None
        except ValueError as broken:
            return self._recover(broken)

    def write(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace the tables. Raises DataFolderError when the disk is full or the folder not writable: the old file stays."""
        content = to_json(data)
        try:
            write_atomic(self._path, content)
            write_atomic(self._good_copy, content)
        except OSError as error:
            raise DataFolderError(
                f"The settings could not be written to {self._path}: {error.strerror}. The old settings stay in force. "
                "Free some space, or make the data folder writable."
            ) from error

    def _recover(self, broken: ValueError) -> dict[str, dict[str, Any]]:
        aside = self._path.with_name(f"{self._path.stem}.broken-{to_rfc3339(utc_now()).replace(':', '')}.json")
        try:
            tables = _load(self._good_copy)
        except (FileNotFoundError, ValueError) as error:
            raise SettingsError(
                f"The settings file {self._path} is broken ({broken}) and there is no good copy beside it. Restore it from a "
                "backup, or move it away to start from the first-run setup."
            ) from error
        self._path.replace(aside)
        write_atomic(self._path, to_json(tables))
        log.error("the settings file was broken; the last good copy is used", kept_aside=str(aside), reason=str(broken))
        return tables


def _load(path: Path) -> dict[str, dict[str, Any]]:
    tables = json.loads(path.read_bytes())
    if not isinstance(tables, dict):
        raise ValueError("not a JSON object")
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
        return resolve(self.layer("hosting"), self.layer("site"), values, variables)

    def layer(self, name: str) -> dict[str, dict[str, Any]]:
        """Return what the layer `site` or `hosting` sets, nested by section."""
        with self._tables() as tables:
            return {row["section"]: dict(row["fields"]) for row in tables.table(f"settings_{name}").all()}

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
            layers = {
                name: {row["section"]: dict(row["fields"]) for row in tables.table(f"settings_{name}").all()}
                for name in ("hosting", "site")
            }
            site = layers["site"]
            for section, fields in changes.items():
                merged = site.get(section, {}) | dict(fields)
                site[section] = {field: value for field, value in merged.items() if value is not None}
            effective = resolve(layers["hosting"], site, values, variables)
            table = tables.table("settings_site")
            for section in changes:
                table.upsert({"section": section, "fields": site[section]}, where("section") == section)
        return effective

    def replace_hosting(self, layer: Values) -> Effective:
        """Take `layer` as what the hosting server sets; return the settings then in force. SettingsError: nothing was changed."""
        values, variables = environment_layer(self._environment)
        effective = resolve(layer, self.layer("site"), values, variables)
        with self._tables() as tables:
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
