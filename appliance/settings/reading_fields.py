"""Which fields of a reading a site may name in `privacy.fields`, so that they never leave it.

The names are those of `appliance.report`, which the settings do not import: who only needs the settings needs no readings.
"""

import re

from appliance.common.message import Message, sentences

MAY_BE_LEFT_OUT: dict[str, frozenset[str]] = {
    "device": frozenset(
        ("ip", "hostname", "mac", "manufacturer", "model", "description", "asset_number", "location", "firmware", "color")
    ),
    "status": frozenset(("printer", "device", "errors", "console")),
    "alerts": frozenset(("location", "description", "since")),
    "supplies": frozenset(
        ("color", "description", "unit", "level", "capacity", "percent", "state", "serial", "part_number"),
    ),
    "trays": frozenset(("name", "media", "capacity", "level", "state")),
}
"""By part of the reading: what is no part of its key, and what its entries can do without."""

WHOLE_PARTS = frozenset({"alerts", "supplies", "trays", "misc", "access"})

ALWAYS_SENT = frozenset({"schema", "taken_at", "device", "device.key", "device.serial", "meters", "reasons"})
"""The serial number and the meters are what the service is billed by; the rest is what makes a reading one."""

_NAMED = re.compile(r"(?:misc|meters)\.[A-Za-z0-9_]{1,100}")
_EXAMPLES = Message("Write a path such as device.location, alerts.description, trays or misc.printer_name.")


def check_reading_field(text: str) -> str:
    """Return the dotted path of a field that can be left out of what is sent. Raises ValueError with a sentence that names it."""
    path = text.strip()
    if path in ALWAYS_SENT:
        always = Message("%(path)s is always sent: serial number and meters are what the service is billed by.", path=repr(path))
        raise ValueError(sentences(always, _EXAMPLES))
    part, _, name = path.partition(".")
    if not (path in WHOLE_PARTS or name in MAY_BE_LEFT_OUT.get(part, ()) or _NAMED.fullmatch(path)):
        none = Message("%(path)s is no field of a reading that can be left out.", path=repr(path))
        raise ValueError(sentences(none, _EXAMPLES))
    return path
