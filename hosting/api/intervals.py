"""How often a site is to check in and to send: as this server is set up, less often while too much waits. Pure."""

from hosting.db.contact import late_after

ONLINE = 0.8
"""A check-in is put off to this part of the time after which a site counts as late, which leaves room for its own jitter."""
LONGEST_UPLOAD = 900
LONGEST = 86_400
"""Sites take no interval above a day."""


def intervals(check_in_seconds: int, upload_seconds: int, stretch: float) -> dict[str, int]:
    """Return the intervals of the answer to a check-in; none is shorter than what is set up."""
    longest = min(LONGEST, int(ONLINE * late_after(check_in_seconds).total_seconds()))
    return {
        "check_in_seconds": max(check_in_seconds, min(round(stretch * check_in_seconds), longest)),
        "upload_seconds": max(upload_seconds, min(round(stretch * upload_seconds), LONGEST_UPLOAD)),
    }
