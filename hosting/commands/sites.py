"""`dca-hosting sites`: list the sites."""

import argparse

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.plain import plain, plain_json
from hosting.commands.preparation import open_existing
from hosting.db import sites
from hosting.db.contact import contact

LISTED_AT_ONCE = 1000


def run(options: argparse.Namespace) -> int:
    """Print the sites by name, with when each was heard of."""
    config, database = open_existing(options)
    rows: list[sites.Site] = []
    with database, database.reading() as connection:
        while page := sites.sites_after(connection, after=rows[-1].site_id if rows else None, limit=LISTED_AT_ONCE):
            rows += page
    rows.sort(key=lambda site: site.name.lower())
    now = utc_now()
    words = [(site, contact(site, now, config.check_in_seconds)) for site in rows]
    if options.json:
        listed = [
            {"site_id": site.site_id, "site_name": site.name, "contact": word, "last_contact_at": to_rfc3339(site.last_contact_at)}
            for site, word in words
        ]
        print(plain_json({"sites": listed}))
        return 0
    for site, word in words:
        print(f"{site.site_id}  {word:8} {to_rfc3339(site.last_contact_at) or '-':20}  {plain(site.name)}")
    return 0
