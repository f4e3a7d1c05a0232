"""What people's programs read: sites, devices and meters, opened by a token."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from appliance.common.clock import to_rfc3339, utc_now
from hosting.api.csv_text import Cell
from hosting.api.lists import ListHandler
from hosting.api.queries import DevicesQuery, MetersQuery, OfDevices, SitesQuery
from hosting.db import export
from hosting.db.connection.database import Connection
from hosting.db.contact import contact
from hosting.db.export import Chosen, Closing, Key, NewestReading, Page
from hosting.db.history.day import USUAL_UNIT
from hosting.db.history.stored_reading import whole
from hosting.db.sites import Site

TYPED = (
    *("total", "total_mono", "total_color"),
    *(f"{function}_{part}" for function in ("print", "copy", "fax", "scan") for part in ("total", "mono", "color")),
)
"""The meters that every row has, null where the device does not count so."""
SITE_COLUMNS = (
    *("site_id", "site_name", "contact", "version", "group", "created_at", "enrolled_at", "last_contact_at"),
    *("revoked_at", "deactivated_at", "expires_at"),
)
IDENTITY = ("manufacturer", "model", "serial", "asset_number", "location", "ip", "hostname", "mac", "firmware", "color")
METER_COLUMNS = (
    *("site_id", "site_name", "device_key", "manufacturer", "model", "serial", "day", "zone", "read_at", "readings"),
    *(*TYPED, "units"),
)

Meters = Mapping[str, tuple[int, str]]
"""Value and unit by the name of the meter."""


def _dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(errors="replace")


def _chosen(query: OfDevices, after: Key | None, limit: int) -> Chosen:
    return Chosen(limit, query.site, query.device, after)


class SitesHandler(ListHandler[SitesQuery, Site]):
    """`GET /api/v1/sites`: the sites with what they last said."""

    scope = "read:sites"
    query = SitesQuery
    name = "sites"
    parts = 1
    columns = SITE_COLUMNS

    def find(self, connection: Connection, query: SitesQuery, after: Key | None, limit: int) -> Page[Site]:
        """Return a page of sites."""
        return export.sites(connection, Chosen(limit, after=after), query.since)

    def as_json(self, row: Site) -> bytes:
        """Return a site with its state."""
        return _dumped(self._told(row) | {"state": row.state})

    def as_cells(self, row: Site) -> Sequence[Cell]:
        """Return a site without its state."""
        return list(self._told(row).values())

    def _told(self, site: Site) -> dict[str, str | None]:
        word = contact(site, utc_now(), self.config.check_in_seconds)
        told = {"site_id": site.site_id, "site_name": site.name, "contact": word, "version": site.version, "group": site.group_name}
        return told | {name: to_rfc3339(getattr(site, name)) for name in SITE_COLUMNS[len(told) :]}


class DevicesHandler(ListHandler[DevicesQuery, NewestReading]):
    """`GET /api/v1/devices`: the newest reading of each device."""

    scope = "read:devices"
    query = DevicesQuery
    name = "devices"
    parts = 2
    columns = (
        *("site_id", "site_name", "device_key", "received_at", "taken_at", *IDENTITY),
        *("printer_status", "device_status", "errors", *TYPED, "units"),
    )

    def find(self, connection: Connection, query: DevicesQuery, after: Key | None, limit: int) -> Page[NewestReading]:
        """Return a page of readings."""
        return export.newest(connection, _chosen(query, after, limit), query.since)

    def as_json(self, row: NewestReading) -> bytes:
        """Return the reading, which is stored as JSON, as it is."""
        head = {"site_id": row.site_id, "site_name": row.site_name, "received_at": to_rfc3339(row.received_at)}
        return _dumped(head)[:-1] + b',"reading":' + whole(row.body).encode() + b"}"

    def as_cells(self, row: NewestReading) -> Sequence[Cell]:
        """Return who the device is, how it is, and its meters."""
        reading = json.loads(whole(row.body))
        device, status = reading["device"], reading["status"]
        head = [row.site_id, row.site_name, row.device_key, to_rfc3339(row.received_at), to_rfc3339(row.taken_at)]
        how = [status["printer"], status["device"], " ".join(status["errors"])]
        return [*head, *(device.get(name) for name in IDENTITY), *how, *_meter_cells(_meters_of(reading))]


class NewestMetersHandler(ListHandler[DevicesQuery, NewestReading]):
    """`GET /api/v1/meters/newest`: the meters of each device as they were read last."""

    scope = "read:meters"
    query = DevicesQuery
    name = "meters"
    parts = 2
    columns = METER_COLUMNS

    def find(self, connection: Connection, query: DevicesQuery, after: Key | None, limit: int) -> Page[NewestReading]:
        """Return a page of readings."""
        return export.newest(connection, _chosen(query, after, limit), query.since)

    def as_json(self, row: NewestReading) -> bytes:
        """Return the meters of a reading."""
        head, meters = self._told(row)
        return _dumped(head | _meter_members(meters))

    def as_cells(self, row: NewestReading) -> Sequence[Cell]:
        """Return the meters of a reading."""
        head, meters = self._told(row)
        return [*head.values(), *_meter_cells(meters)]

    @staticmethod
    def _told(row: NewestReading) -> tuple[dict[str, Any], Meters]:
        reading = json.loads(whole(row.body))
        head: dict[str, Any] = {"site_id": row.site_id, "site_name": row.site_name, "device_key": row.device_key}
        head |= {name: reading["device"].get(name) for name in ("manufacturer", "model", "serial")}
        head |= {"day": None, "zone": None, "read_at": to_rfc3339(row.taken_at), "readings": 1}
        return head, _meters_of(reading)


class MetersHandler(ListHandler[MetersQuery, Closing]):
    """`GET /api/v1/meters`: the meters of each device at the end of each day that is over."""

    scope = "read:meters"
    query = MetersQuery
    name = "meters"
    parts = 3
    columns = METER_COLUMNS

    def find(self, connection: Connection, query: MetersQuery, after: Key | None, limit: int) -> Page[Closing]:
        """Return a page of days."""
        return export.closings(connection, _chosen(query, after, limit), query.since, query.until)

    def as_json(self, row: Closing) -> bytes:
        """Return the meters of a day."""
        return _dumped(self._told(row) | _meter_members(row.summary.meters))

    def as_cells(self, row: Closing) -> Sequence[Cell]:
        """Return the meters of a day."""
        return [*self._told(row).values(), *_meter_cells(row.summary.meters)]

    @staticmethod
    def _told(row: Closing) -> dict[str, Any]:
        names = ("site_id", "site_name", "device_key", "manufacturer", "model", "serial")
        head: dict[str, Any] = {name: getattr(row, name) for name in names}
        head |= {"day": row.day.isoformat(), "zone": row.zone}
        return head | {"read_at": to_rfc3339(row.summary.last_at), "readings": row.summary.number}


def _meters_of(reading: Mapping[str, Any]) -> Meters:
    return {name: (meter["value"], meter["unit"]) for name, meter in reading["meters"].items()}


def _units(meters: Meters) -> dict[str, str]:
    """Return the units that are not the usual one."""
    return {name: unit for name, (_, unit) in meters.items() if unit != USUAL_UNIT}


def _meter_members(meters: Meters) -> dict[str, Any]:
    typed = {name: meters[name][0] if name in meters else None for name in TYPED}
    others = {name: value for name, (value, _) in meters.items() if name not in TYPED}
    return {"meters": typed, "other_meters": others, "units": _units(meters)}


def _meter_cells(meters: Meters) -> list[Cell]:
    units = " ".join(f"{name}={unit}" for name, unit in _units(meters).items() if name in TYPED)
    return [*(meters[name][0] if name in meters else None for name in TYPED), units]
