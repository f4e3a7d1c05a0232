"""How long ago a site was heard of, in one word."""

from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from hosting.db.sites import Site
from hosting.db.tables import site as site_table

Contact = Literal["online", "late", "lost", "never", "revoked"]
CONTACTS: tuple[Contact, ...] = ("online", "late", "lost", "never", "revoked")

LATE_AFTER_CHECK_INS = 3
LATE_AT_LEAST = timedelta(minutes=3)
LOST_AFTER = timedelta(hours=24)


def contact(site: Site, now: datetime, check_in_seconds: int) -> Contact:
    """Return `online`, `late` after three check-ins missed (at least 3 minutes), `lost` after a day, `never`, or `revoked`."""
    if site.revoked_at is not None:
        return "revoked"
    if site.last_contact_at is None:
        return "never"
    silent = now - site.last_contact_at
    if silent > LOST_AFTER:
        return "lost"
    return "late" if silent > late_after(check_in_seconds) else "online"


def late_after(check_in_seconds: int) -> timedelta:
    """Return how long a site may be silent and still counts as online."""
    return max(LATE_AT_LEAST, LATE_AFTER_CHECK_INS * timedelta(seconds=check_in_seconds))


def contact_is(word: Contact, now: datetime, check_in_seconds: int) -> sa.ColumnElement[bool]:
    """Return the condition on the table of sites under which `contact` returns `word`."""
    last, lost, late = site_table.c.last_contact_at, now - LOST_AFTER, now - late_after(check_in_seconds)
    if word == "revoked":
        return site_table.c.revoked_at.is_not(None)
    when = {"never": last.is_(None), "lost": last < lost, "late": sa.and_(last >= lost, last < late), "online": last >= late}[word]
    return sa.and_(site_table.c.revoked_at.is_(None), when)
