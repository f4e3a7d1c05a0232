"""A reading as the row it becomes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance.common.clock import in_utc
from appliance.report import Change, Reading, Status, Supply
from appliance.report.changes import compact
from appliance.report.condition import Condition, condition, condition_of

NAMES = ("manufacturer", "model", "serial", "ip", "location")
SEARCHED = ("hostname", "mac", "asset_number", "description")


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """What the database keeps of one reading: the body whole, and for lists what the newest of a device says."""

    device_key: str
    taken_at: datetime
    """In UTC and whole seconds."""
    body: str
    """JSON of an `appliance.report.Reading`, without what has its default."""
    texts: tuple[str | None, ...]
    """The members of the device that `NAMES` and `SEARCHED` name, without NUL characters, which PostgreSQL does not store."""
    condition: Condition
    total: int | None
    is_listed: bool
    """Whether lists know these texts of the device already."""

    def latest(self, site_id: str, now: datetime) -> dict[str, Any]:
        """Return the row of `device_latest` of a site whose reading came now."""
        manufacturer, model, serial, address, location, *_others = self.texts
        return {
            "site_id": site_id,
            "device_key": self.device_key,
            "first_seen_at": now,
            "taken_at": self.taken_at,
            "received_at": now,
            "manufacturer": manufacturer,
            "model": model,
            "serial": serial,
            "address": address,
            "location": location,
            "condition": self.condition,
            "total": self.total,
            "words": "",
            "body": self.body,
        }

    def history(self, site_id: str, now: datetime) -> dict[str, Any]:
        """Return the row of `reading` of a site whose reading came now."""
        own = {"device_key": self.device_key, "taken_at": self.taken_at, "body": self.body}
        return {"site_id": site_id, "received_at": now, **own}


def row_of(reading: Reading, *, is_listed: bool = False) -> ReadingRow:
    """Return the row of a reading."""
    device = reading.device
    total = reading.meters.get("total")
    told = [getattr(device, name) for name in (*NAMES, *SEARCHED)]
    rest = (compact(reading), _storable(told), condition(reading), total.value if total else None, is_listed)
    return ReadingRow(device.key, in_utc(reading.taken_at), *rest)


def row_after(change: Change, members: Mapping[str, Any], body: str, before: Condition | None, *, is_listed: bool) -> ReadingRow:
    """Return the row of what `known_members.apply` made of a reading, `before` the condition by that, where it is known."""
    device = members["device"]
    total = members.get("meters", {}).get("total")
    told = [device.get(name) for name in (*NAMES, *SEARCHED)]
    same = before is not None and "status" not in change.patch and "supplies" not in change.patch
    judged = before if before is not None and same else _judged(members)
    rest = (body, _storable(told), judged, total["value"] if total else None, is_listed)
    return ReadingRow(device["key"], datetime.fromisoformat(members["taken_at"]), *rest)


def _judged(members: Mapping[str, Any]) -> Condition:
    supplies = map(Supply.model_validate, members.get("supplies", ()))
    return condition_of(Status.model_validate(members.get("status", {})), tuple(supplies))


def _storable(told: list[str | None]) -> tuple[str | None, ...]:
    return tuple(text.replace("\x00", "") if text else text for text in told)
