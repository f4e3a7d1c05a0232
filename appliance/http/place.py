"""Where one device is asked over HTTP."""

from dataclasses import dataclass

from appliance.http.endpoints import Endpoint
from appliance.http.ports import AllowedPorts


@dataclass(frozen=True, slots=True)
class Place:
    """Where one device is asked, and at which ports."""

    name: str
    """What is remembered of it is remembered by this: its address, or where the site says that it serves IPP."""
    address: str
    ports: AllowedPorts
    web_ports: tuple[int, ...]
    named: Endpoint | None = None
    """Where IPP is asked, and nowhere else; None: where printers serve it."""
