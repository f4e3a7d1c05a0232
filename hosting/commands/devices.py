"""`dca-hosting devices`: list the devices."""

import argparse
import json

from appliance.common.plain import plain, plain_json
from hosting.commands.preparation import open_existing
from hosting.db import fleet

LISTED_AT_ONCE = 1000


def run(options: argparse.Namespace) -> int:
    """Print the devices with their latest reading."""
    _, database = open_existing(options)
    listed: list[fleet.LatestReading] = []
    after: tuple[str, str] | None = None
    with database, database.reading() as connection:
        while page := fleet.devices_after(connection, site_id=None, after=after, limit=LISTED_AT_ONCE):
            listed += page
            after = (page[-1].site_id, page[-1].device_key)
    readings = [json.loads(row.body) for row in listed]
    if options.json:
        pairs = zip(listed, readings, strict=True)
        rows_json = [{"site_id": row.site_id, "site_name": row.site_name, "reading": reading} for row, reading in pairs]
        print(plain_json({"devices": rows_json}))
        return 0
    for row, reading in zip(listed, readings, strict=True):
        device = reading["device"]
        site, model, serial = (plain(text or "-") for text in (row.site_name, device["model"], device["serial"]))
        total = reading["meters"].get("total", {}).get("value", "-")
        print(f"{site:20.20}  {model:40.40}  {serial:20.20}  {total:>10}  {row.condition}")
    return 0
