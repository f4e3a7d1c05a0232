"""Who may be asked for what by which name: the host check. Pure."""

import socket
from collections.abc import Iterable

from appliance.common.network.forwarded import is_address


class HostCheck:
    """The names a web interface answers to; one such as `*.mps.example` stands for all of one part more.

    A page of another site can make a browser send requests here under that site's own name (DNS rebinding); such a name is in no
    list of ours. Addresses cannot be rebound and are always allowed.
    """

    def __init__(self, allowed: Iterable[str], own_name: str | None = None) -> None:
        own = (own_name or socket.gethostname()).lower()
        self._names = {"localhost", own, f"{own}.local", *(name.lower().strip().rstrip(".") for name in allowed)}

    def allows(self, host: str) -> bool:
        """Whether a request whose Host header names `host` (port removed) may be answered."""
        name = host.lower().rstrip(".")
        wildcard = f"*.{name.partition('.')[2]}"
        return is_address(name) or name in self._names or wildcard in self._names or name.endswith(".localhost")
