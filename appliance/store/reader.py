"""Reading `readings.db` from another process (web UI, CLI) while the collector writes it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from appliance import report
from appliance.common.clock import utc_now
from appliance.common.errors import StoreError
from appliance.common.network.traffic import UnitCost
from appliance.store import accounting, event_log, queries
from appliance.store.database import connect_reader, explained
from appliance.store.rows import AddressRow, DeviceRow, EventRow, OutboxState, TrafficRow


class Reader:
    """Read-only view of the store; may be used from several threads.

    Each call opens the file anew: calls are few and local, and so a database that the collector replaced is noticed.
    Every method raises StoreError with a sentence, also when there is no database yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self._path.exists():
            raise StoreError(
                f"There are no readings yet: {self._path} does not exist. The collector makes it when it first runs; start it "
                "with `dca run`."
            )
        with explained(self._path), closing(connect_reader(self._path)) as connection:
            if not connection.execute("PRAGMA user_version").fetchone()[0]:
                raise StoreError(f"There are no readings yet: {self._path} is empty. Start the collector with `dca run`.")
            yield connection

    def devices(self) -> list[DeviceRow]:
        """Return all devices ever seen."""
        with self._open() as connection:
            return queries.devices(connection)

    def device(self, key: str) -> DeviceRow | None:
        """Return the device with this key, or None."""
        with self._open() as connection:
            return queries.device(connection, key)

    def readings(self, key: str, limit: int = 100) -> list[report.Reading]:
        """Return the newest readings of a device, newest first."""
        with self._open() as connection:
            return queries.readings(connection, key, limit)

    def events(self, limit: int = 100, device_key: str | None = None) -> list[EventRow]:
        """Return the newest events, of one device when `device_key` is given, newest first."""
        with self._open() as connection:
            return event_log.events(connection, limit, device_key)

    def addresses(self, key: str, limit: int = 20) -> list[AddressRow]:
        """Return where a device has been, the newest stay first."""
        with self._open() as connection:
            return queries.addresses(connection, key, limit)

    def outbox_state(self) -> OutboxState:
        """Return how much waits to be sent."""
        with self._open() as connection:
            return queries.outbox_state(connection)

    def traffic(self, days: int = 30) -> list[TrafficRow]:
        """Return packets and bytes by day and purpose for the newest `days` days that had any, newest first."""
        with self._open() as connection:
            return accounting.days(connection, days)

    def traffic_of_last_day(self) -> dict[str, int]:
        """Return the bytes, both ways, of the last 24 hours by purpose."""
        with self._open() as connection:
            return accounting.last_day(connection, utc_now())

    def traffic_units(self) -> dict[str, UnitCost]:
        """Return what averages are made of, by unit, over the newest 30 days that had it."""
        with self._open() as connection:
            return accounting.units(connection)

    def recall(self, name: str) -> str | None:
        """Return the note of this name that the collector has made, or None."""
        with self._open() as connection:
            return queries.note(connection, name)
