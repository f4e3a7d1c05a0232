"""The way to the hosting server: certificates and time limits. All times in seconds."""

import ssl

from appliance.common.outbound import prepare_context
from appliance.transmission.tls_sessions import ResumingContext

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
EXCHANGE_SECONDS = 60.0
"""Longest time from the request to the end of its answer, for a request of no size."""
SLOWEST_LINE = 4096.0
"""Bytes a second at which a request may go out before it is given up."""
IDLE_SECONDS = 110.0
"""A connection not used for longer is given up: the hosting server closes it after 120 s, and firewalls forget it silently."""


def tls_context(*, ca_file: str = "", verify: bool = True) -> ResumingContext:
    """Return the client context: the public authorities and the site's own one, unless checking was switched off.

    Raises SettingsError naming `hosting.ca_file` when that file cannot be used.
    """
    return prepare_context(ResumingContext(ssl.PROTOCOL_TLS_CLIENT), ca_file=ca_file, verify=verify)
