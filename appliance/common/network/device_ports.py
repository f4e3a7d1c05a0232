"""Ports of devices: where they print what they are sent, and where they are asked over HTTP."""

from typing import Final

PRINTER_PORTS: Final = frozenset({515, 9999, *range(9100, 9117)})
"""Ports on which a printer prints what it is sent: LPD, raw and vendor ports. Nothing may be sent there, not even UDP."""

HTTP_PORTS: Final = frozenset({80, 443, 631, 8000, 8080, 8443})
"""Where devices serve web pages and IPP: the TCP ports that are dialled. Any other has to be named by the admin of the site."""
