"""The notify protocol of systemd: readiness, heartbeat and status as datagrams to `NOTIFY_SOCKET`.

The supervisor of the appliance speaks it, and so does systemd: a component runs under either. Source: sd_notify(3).
"""

import json
import os
import socket
from collections.abc import Mapping
from typing import Any, Final

from appliance.common.message import Message, messages_from, with_messages

_MESSAGE: Final = "X_STATUS_MESSAGE"
"""The field of our own (sd_notify(3): `X_`) beside `STATUS` that holds template and values of its message, as JSON."""


def notify(**fields: str | int) -> bool:
    """Send fields such as `READY=1`, `WATCHDOG=1`, `STATUS="reading 3 of 13"`; False when nobody listens.

    Of a status that is a Message its template and values are sent beside it.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    told: dict[str, Any] = with_messages({"STATUS": fields.get("STATUS", "")})
    if "STATUS_message" in told:
        fields[_MESSAGE] = json.dumps(told["STATUS_message"])
    # One field a line: a line break inside a value, say in the name of a device, must not become a field of its own.
    message = "\n".join(f"{name}={' '.join(str(value).splitlines())}" for name, value in fields.items()).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagram:
        # A supervisor that is gone, or that is stopped and reads nothing, must not take its components with it.
        datagram.setblocking(False)
        try:
            datagram.connect(address)
            datagram.send(message)
        except OSError:
            return False
    return True


def status_of(fields: Mapping[str, str], most: int) -> str:
    """Return the status among the fields of a notification, as the Message it was sent as; at most `most` characters of it."""
    text = "".join(character for character in fields.get("STATUS", "") if character.isprintable())[:most]
    try:
        beside = json.loads(fields.get(_MESSAGE, "null"))
    except (ValueError, RecursionError):
        return text
    read = messages_from({"text": text, "text_message": beside})["text"]
    return read if isinstance(read, Message) else text


def heartbeat_interval() -> float | None:
    """Return seconds between two heartbeats, half of `WATCHDOG_USEC` as sd_watchdog_enabled(3) asks, or None."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    owner = os.environ.get("WATCHDOG_PID", "")
    if not microseconds.isdigit() or (owner and owner != str(os.getpid())):
        return None
    return int(microseconds) / 2_000_000 or None
