"""How long ago a site was heard of, in one word."""

from datetime import datetime, timedelta
from typing import Literal

from hosting.db.sites import Site

Contact = Literal["online", "late", "lost", "never", "revoked"]

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
    return "late" if silent > max(LATE_AT_LEAST, LATE_AFTER_CHECK_INS * timedelta(seconds=check_in_seconds)) else "online"
