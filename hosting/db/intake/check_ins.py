"""Check-ins of sites of which nothing changed, many in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db import sites
from hosting.db.tables import command, nonce, site
from hosting.db.upsert import insert_new_keys, one_of


@dataclass(frozen=True, slots=True)
class Nonce:
    """A nonce of a site, and when it may be forgotten."""

    site_id: str
    value: str
    expires_at: datetime


def use_nonces(connection: sa.Connection, nonces: Sequence[Nonce]) -> list[bool]:
    """Take nonces; false for one that its site has used before, or twice among these."""
    ordered = sorted(set(nonces), key=lambda one: (one.site_id, one.value))
    rows = [{"site_id": one.site_id, "nonce": one.value, "expires_at": one.expires_at} for one in ordered]
    fresh = insert_new_keys(connection, nonce, rows)
    found = []
    for one in nonces:
        key = (one.site_id, one.value)
        found.append(key in fresh)
        fresh.discard(key)
    return found


def see(connection: sa.Connection, versions: Mapping[str, str]) -> set[str]:
    """Note that sites were in contact now, by the version each is of; return those whose row somebody else holds: not noted yet."""
    now, by_version = utc_now(), defaultdict(list)
    for site_id, version in versions.items():
        by_version[version].append(site_id)
    seen: set[str] = set()
    for version, site_ids in by_version.items():
        # Whoever holds one of them, for a roll-up or another request, holds up no other site.
        these = one_of(connection, site.c.site_id, site_ids)
        free = sa.select(site.c.site_id).where(these).order_by(site.c.site_id)
        free = free.with_for_update(key_share=True, skip_locked=True)
        noted = sa.update(site).where(these, site.c.site_id.in_(free)).values(last_contact_at=now, version=version)
        seen.update(connection.execute(noted.returning(site.c.site_id)).scalars())
    return versions.keys() - seen


def with_commands(connection: sa.Connection, site_ids: Sequence[str]) -> set[str]:
    """Return those of the sites for which commands wait, or were handed out lately."""
    wanted = (one_of(connection, command.c.site_id, site_ids), sites.to_be_handed_out(utc_now()))
    return set(connection.execute(sa.select(command.c.site_id).where(*wanted).distinct()).scalars())
