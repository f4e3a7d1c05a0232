"""`dca-hosting devices`: list the devices."""

import argparse
import json

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
        print(json.dumps({"devices": rows_json}, ensure_ascii=False))
        return 0
    for row, reading in zip(listed, readings, strict=True):
        device = reading["device"]
        total = reading["meters"].get("total", {}).get("value", "-")
        print(
            f"{row.site_name:20.20}  {device['model'] or '-':40.40}  {device['serial'] or '-':20.20}  {total:>10}  {row.condition}"
        )
    return 0
