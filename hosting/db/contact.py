"""How long ago a site was heard of, in one word."""

from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from hosting.db.sites import Site, refused_configuration
from hosting.db.tables import site as site_table

Contact = Literal["online", "late", "lost", "never", "expired", "deactivated", "revoked"]
CONTACTS: tuple[Contact, ...] = ("online", "late", "lost", "never", "expired", "deactivated", "revoked")
TurnedAway = Literal["revoked", "deactivated", "expired"]

QUIET, REFUSED = "quiet", "refused"
"""Turned away for whatever reason; and of a configuration that was refused or could not be got."""
LATE_AFTER_CHECK_INS = 3
LATE_AT_LEAST = timedelta(minutes=3)
LOST_AFTER = timedelta(hours=24)


def turned_away(site: Site, now: datetime) -> TurnedAway | None:
    """Return why the server refuses what the site sends, None when it does not."""
    if site.revoked_at is not None:
        return "revoked"
    if site.deactivated_at is not None:
        return "deactivated"
    return "expired" if site.expires_at is not None and site.expires_at <= now else None


def contact(site: Site, now: datetime, check_in_seconds: int) -> Contact:
    """Return why the site is turned away, else `online`, `late` after three check-ins missed (at least 3 minutes), `lost`, `never`.

    `lost` is a site that was not heard of for a day.
    """
    away = turned_away(site, now)
    if away:
        return away
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
    table = site_table.c
    revoked, deactivated = table.revoked_at.is_not(None), table.deactivated_at.is_not(None)
    if word == "revoked":
        return revoked
    if word == "deactivated":
        return sa.and_(~revoked, deactivated)
    if word == "expired":
        return sa.and_(~revoked, ~deactivated, _is_expired(now))
    last, lost, late = table.last_contact_at, now - LOST_AFTER, now - late_after(check_in_seconds)
    when = {"never": last.is_(None), "lost": last < lost, "late": sa.and_(last >= lost, last < late), "online": last >= late}[word]
    return sa.and_(~is_turned_away(now), when)


def counted_sites(now: datetime, check_in_seconds: int) -> dict[str, sa.ColumnElement[bool]]:
    """Return the conditions by which the sites are counted: each contact, and `QUIET` and `REFUSED`."""
    contacts: dict[str, sa.ColumnElement[bool]] = {word: contact_is(word, now, check_in_seconds) for word in CONTACTS}
    return contacts | {QUIET: is_turned_away(now), REFUSED: refused_configuration()}


def is_turned_away(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition on the table of sites under which `turned_away` gives a reason."""
    table = site_table.c
    return sa.or_(table.revoked_at.is_not(None), table.deactivated_at.is_not(None), _is_expired(now))


def _is_expired(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(site_table.c.expires_at.is_not(None), site_table.c.expires_at <= now)
