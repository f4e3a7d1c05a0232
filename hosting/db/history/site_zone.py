"""The time zone of a site, in which its days begin and end."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

import sqlalchemy as sa

from appliance.common.clock import zone_named
from hosting.db.tables import site

NAME = re.compile(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
"""A name of the IANA time zone database: no file of this machine's own beside them."""
LONGEST = 64


@dataclass(frozen=True, slots=True)
class SiteZone:
    """A time zone with its name."""

    name: str
    zone: tzinfo


NOT_TOLD = SiteZone("UTC", UTC)
"""The days of a site that has not told its time zone."""


def reported_zone(state: Mapping[str, Any]) -> SiteZone | None:
    """Return the time zone that a site tells in its state; None where it tells none that is known here."""
    name = state.get("time_zone")
    if not isinstance(name, str) or len(name) > LONGEST or not NAME.fullmatch(name):
        return None
    found = zone_named(name)
    return SiteZone(name, found) if found else None


def zone_of(connection: sa.Connection, site_id: str) -> SiteZone:
    """Return the time zone of a site, UTC where it has told none."""
    state = connection.execute(sa.select(site.c.state).where(site.c.site_id == site_id)).scalar_one_or_none()
    return (reported_zone(json.loads(state)) if state else None) or NOT_TOLD


def hold(connection: sa.Connection, site_id: str) -> None:
    """Let no other transaction move readings of the site between the shapes of the history until this one ends."""
    connection.execute(sa.select(site.c.site_id).where(site.c.site_id == site_id).with_for_update(key_share=True)).all()
