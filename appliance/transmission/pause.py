"""For how long a site leaves the hosting server alone after a call that failed. Pure but for chance."""

from appliance.common.backoff import jittered, next_delay
from appliance.common.errors import ContentRefusedError, HostingError, RefusedError, UnknownHereError

REFUSED_SECONDS = 900.0
"""After a refusal the server is asked again about this rarely: whoever runs it may have changed his mind."""
LONGEST_WAIT_SECONDS = 300.0
"""Longest pause while the server is away, unless it asks for a longer one itself."""


def pause_after(error: HostingError, failures: int) -> float:
    """Return the seconds for which the server is left alone after `error`, the last of so many failures in a row."""
    if isinstance(error, ContentRefusedError):  # says nothing about the next content
        return 0.0
    if isinstance(error, UnknownHereError):
        return next_delay(failures, retry_after=error.retry_after, ceiling=REFUSED_SECONDS)
    if isinstance(error, RefusedError):
        return max(jittered(REFUSED_SECONDS), error.retry_after or 0.0)
    return next_delay(failures, retry_after=error.retry_after, ceiling=LONGEST_WAIT_SECONDS)
