"""Events of devices, as the sites tell them: each kept once, by the id the site gave it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.common.clock import in_utc, utc_now
from appliance.report import Event
from appliance.report.device_keys import are_of_one_serial, is_by_serial
from hosting.db.history import joining
from hosting.db.intake import device_search
from hosting.db.tables import device_latest, event
from hosting.db.upsert import insert_new
from hosting.site_report import CLOCK_TOLERANCE, bounded


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """One event of a device."""

    at: datetime
    kind: str
    text: str
    detail: dict[str, Any]


def take_in(connection: sa.Connection, site_id: str, events: Sequence[Event]) -> int:
    """Keep the events of a site and return how many were new. A device that was identified is from then on one with its past."""
    now = utc_now()
    rows = [
        {
            "site_id": site_id,
            "event_id": item.id,
            "device_key": item.device,
            "at": _happened(item, now),
            "received_at": now,
            "kind": item.kind,
            "text": item.text.replace("\x00", ""),
            "detail": json.dumps(bounded(item.detail), separators=(",", ":")),
        }
        for item in events
    ]
    new = insert_new(connection, event, rows)
    for item in events:
        former = item.detail.get("former_key")
        if item.kind == "device_identified" and item.device and isinstance(former, str) and former not in ("", item.device):
            _join(connection, site_id, former, item.device)
    for former, key in _known_before(connection, site_id, events):
        _join(connection, site_id, former, key)
    return new


def _happened(item: Event, now: datetime) -> datetime:
    """Return when an event happened; of one from the future, when it came: it would stand above all others for ever."""
    at = in_utc(item.at)
    return at if at <= now + CLOCK_TOLERANCE else now


def _known_before(connection: sa.Connection, site_id: str, events: Sequence[Event]) -> Iterator[tuple[str, str]]:
    """Yield the former key and the key of each device that a site has found anew, at the address where it is known here.

    A site that has lost its database makes keys anew, and may name another maker by now or spell the serial number otherwise.
    """
    found = {item.device: item.detail.get("address") for item in events if item.kind == "device_new" and item.device}
    addresses = {address for key, address in found.items() if is_by_serial(key) and isinstance(address, str)}
    if not addresses:
        return
    latest = device_latest.c
    known = sa.select(latest.device_key, latest.address).where(latest.site_id == site_id, latest.address.in_(addresses))
    rows = connection.execute(known).all()
    for key, address in found.items():
        former = [other for other, at in rows if at == address and other != key and are_of_one_serial(other, key)]
        if len(former) == 1:
            yield former[0], key


def _join(connection: sa.Connection, site_id: str, former: str, key: str) -> None:
    """Let what was kept under the `former` key of a device stand under the one it is known by now."""
    joining.join(connection, site_id, former, key)
    device_search.rename(connection, site_id, former, key)
    connection.execute(sa.update(event).where(event.c.site_id == site_id, event.c.device_key == former).values(device_key=key))
    latest = device_latest.c
    before = (latest.site_id == site_id, latest.device_key == former)
    known = (latest.site_id == site_id, latest.device_key == key)
    first_seen = connection.execute(sa.select(latest.first_seen_at).where(*before)).scalar_one_or_none()
    if first_seen is None:
        return
    if connection.execute(sa.select(sa.literal(1)).where(*known)).first():
        connection.execute(
            sa.update(device_latest).where(*known, latest.first_seen_at > first_seen).values(first_seen_at=first_seen)
        )
        connection.execute(sa.delete(device_latest).where(*before))
    else:
        connection.execute(sa.update(device_latest).where(*before).values(device_key=key))


def of_device(connection: sa.Connection, site_id: str, device_key: str, *, limit: int) -> list[DeviceEvent]:
    """Return the newest events of a device, newest first."""
    columns = (event.c.at, event.c.kind, event.c.text, event.c.detail)
    chosen = sa.select(*columns).where(event.c.site_id == site_id, event.c.device_key == device_key)
    rows = connection.execute(chosen.order_by(event.c.at.desc(), event.c.event_id.desc()).limit(limit))
    return [DeviceEvent(at, kind, text, bounded(json.loads(detail))) for at, kind, text, detail in rows]
