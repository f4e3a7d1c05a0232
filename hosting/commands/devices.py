"""`dca-hosting devices`: list the devices, however many there are: page by page, each forgotten once it is printed."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from appliance.common.plain import plain, plain_json
from hosting.commands.preparation import open_existing
from hosting.db import fleet
from hosting.db.connection.database import Database
from hosting.db.fleet import LatestReading
from hosting.db.history.stored_reading import whole

LISTED_AT_ONCE = 1000


def run(options: argparse.Namespace) -> int:
    """Print the devices with their latest reading."""
    _, database = open_existing(options)
    with database:
        if options.json:
            _print_json(_devices(database))
        else:
            for row in _devices(database):
                print(_line(row, json.loads(whole(row.body))))
    return 0


def _devices(database: Database) -> Iterator[LatestReading]:
    """Yield all devices in the order of their keys."""
    after: tuple[str, str] | None = None
    while True:
        with database.reading() as connection:
            page = fleet.devices_after(connection, site_id=None, after=after, limit=LISTED_AT_ONCE)
        yield from page
        if len(page) < LISTED_AT_ONCE:
            return
        after = (page[-1].site_id, page[-1].device_key)


def _print_json(rows: Iterator[LatestReading]) -> None:
    """Print one JSON object, on one line."""
    between = ""
    print('{"devices": [', end="")
    for row in rows:
        device = {"site_id": row.site_id, "site_name": row.site_name, "reading": json.loads(whole(row.body))}
        print(f"{between}{plain_json(device)}", end="")
        between = ", "
    print("]}")


def _line(row: LatestReading, reading: dict[str, Any]) -> str:
    device = reading["device"]
    site, model, serial = (plain(text or "-") for text in (row.site_name, device["model"], device["serial"]))
    total = reading["meters"].get("total", {}).get("value", "-")
    return f"{site:20.20}  {model:40.40}  {serial:20.20}  {total:>10}  {row.condition}"
