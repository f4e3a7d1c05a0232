"""The way to the hosting server: certificates, proxy and time limits. All times in seconds."""

import ssl
from dataclasses import dataclass, field

from appliance.common.network.outbound import prepare_context
from appliance.settings.model import HostingSettings
from appliance.transmission.tls_sessions import ResumingContext

SLOWEST_LINE = 4096.0
"""Bytes a second at which a request may go out before it is given up."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How the server is reached: whose certificates are trusted, and through which proxy."""

    ca_file: str = ""
    """Authorities beside the public ones."""
    verify: bool = True
    """Whether the certificate is checked."""
    proxy: str = ""
    """Web address of the proxy, empty without one; user and password are for it alone."""
    proxy_user: str = ""
    proxy_password: str = field(default="", repr=False)

    @classmethod
    def from_settings(cls, hosting: HostingSettings) -> "ConnectionSettings":
        """Return them as the site has set them."""
        return cls(
            ca_file=hosting.ca_file,
            verify=hosting.verify_tls,
            proxy=hosting.proxy,
            proxy_user=hosting.proxy_user,
            proxy_password=hosting.proxy_password.get_secret_value(),
        )

    def tls_context(self) -> ResumingContext:
        """Return the client context: the public authorities and the site's own one, unless checking was switched off.

        Raises SettingsError naming `hosting.ca_file` when that file cannot be used.
        """
        return prepare_context(ResumingContext(ssl.PROTOCOL_TLS_CLIENT), ca_file=self.ca_file, verify=self.verify)


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long is waited for what, in seconds."""

    connect: float = 10.0
    read: float = 30.0
    """Until the next bytes of an answer."""
    exchange: float = 60.0
    """Longest time from the request to the end of its answer, for a request of no size."""
    idle: float = 110.0
    """A connection not used for longer is given up: the hosting server closes it after 120 s, and firewalls forget it silently."""
