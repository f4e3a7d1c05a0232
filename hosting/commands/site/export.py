"""`dca-hosting site export`: all that a site has sent, in one ZIP file of JSON lines."""

import argparse
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from appliance.common.clock import to_rfc3339
from appliance.common.files import whole_file
from appliance.common.plain import plain
from hosting.commands.site.choice import site_of
from hosting.db import bundles, export, fleet
from hosting.db.connection.database import Database
from hosting.db.history import reader
from hosting.db.history.stored_reading import whole
from hosting.db.sites import Site
from hosting.errors import ConfigurationError

AT_ONCE = 500
ALL_READINGS, ALL_DAYS = 1_000_000, 100_000
"""More than a device can have said."""


def run(options: argparse.Namespace) -> int:
    """Write the file and say what is in it."""
    with site_of(options) as (database, site):
        write_export(database, site, options.file)
    return 0


def write_export(database: Database, site: Site, file: str) -> None:
    """Write all of a site into a new file that its owner alone reads, and print what is in it.

    `site.json` has the site; `devices.jsonl`, `readings.jsonl`, `days.jsonl`, `ahead.jsonl` (readings from the future, kept
    aside), `events.jsonl` and `audit.jsonl` an object a line; `support-bundles/` what came of these.
    Raises ConfigurationError where it cannot be written.
    """
    target = Path(file).absolute()
    if target.exists():
        raise ConfigurationError(f"The file {target} exists already. Choose another name.")
    try:
        with whole_file(target) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            counts = _write(database, site, archive)
    except OSError as error:
        raise ConfigurationError(f"The file {target} cannot be written: {error.strerror}. Choose another place.") from error
    print(plain(f"{target}: {', '.join(f'{count} {what}' for what, count in counts.items())} of {site.name}."))


def _write(database: Database, site: Site, archive: zipfile.ZipFile) -> dict[str, int]:
    archive.writestr("site.json", _dumped(asdict(site)) + "\n")
    keys: list[str] = []
    counts = {
        "devices": _lines(archive, "devices.jsonl", _devices(database, site.site_id, keys)),
        "readings": _lines(archive, "readings.jsonl", (body for key in keys for body in _readings(database, site.site_id, key))),
        "days": _lines(archive, "days.jsonl", (day for key in keys for day in _days(database, site.site_id, key))),
    }
    with database.reading() as connection:
        for what in export.KEPT_ROWS:
            counts[what] = _lines(archive, f"{what}.jsonl", map(_dumped, export.rows_of_site(connection, what, site.site_id)))
        for bundle in bundles.of_site(connection, site.site_id):
            content = bundles.content_of(connection, site.site_id, bundle.bundle_id)
            archive.writestr(f"support-bundles/{bundle.bundle_id}.tar.gz", content or b"")
    return counts


def _lines(archive: zipfile.ZipFile, name: str, lines: Iterable[str]) -> int:
    """Write lines into a file of the archive, and return how many there were."""
    count = 0
    with archive.open(name, "w", force_zip64=True) as file:
        for line in lines:
            file.write(f"{line}\n".encode(errors="replace"))
            count += 1
    return count


def _devices(database: Database, site_id: str, keys: list[str]) -> Iterator[str]:
    """Yield the newest reading of each device, and note its key."""
    page = [(site_id, "")]
    while page:
        with database.reading() as connection:
            rows = fleet.devices_after(connection, site_id=site_id, after=page[-1], limit=AT_ONCE)
        page = [(row.site_id, row.device_key) for row in rows]
        keys += [row.device_key for row in rows]
        yield from (whole(row.body) for row in rows)


def _readings(database: Database, site_id: str, key: str) -> Iterator[str]:
    """Yield what a device said, oldest first."""
    with database.reading() as connection:
        yield from (whole(item.body) for item in reversed(reader.newest(connection, site_id, key, ALL_READINGS)))


def _days(database: Database, site_id: str, key: str) -> Iterator[str]:
    """Yield what the days of a device that are over came to, oldest first."""
    with database.reading() as connection:
        for over in reversed(reader.days(connection, site_id, key, ALL_DAYS)):
            yield _dumped({"device_key": key, "day": over.day, "zone": over.zone, **asdict(over.summary)})


def _dumped(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, default=_moment)


def _moment(value: Any) -> Any:
    """Return moments and days as RFC 3339 has them."""
    if isinstance(value, datetime):
        return to_rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
