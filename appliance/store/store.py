"""The writer of `readings.db`: one for each appliance, owned by the collector. Others read through `appliance.store.reader`."""

import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

from appliance import report
from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.log import is_secret
from appliance.common.message import Message
from appliance.common.network.traffic import TrafficByPurpose, Unit, UnitCost
from appliance.store import accounting, event_log, outbox, queries, resending, snapshots
from appliance.store.database import connect_writer, explained, fault_of, set_aside, transaction
from appliance.store.device_identity import device_of, note_missed
from appliance.store.event_log import insert_event
from appliance.store.mask_anew import mask_events_anew, mask_readings_anew
from appliance.store.recovery import recover
from appliance.store.retention import Removed, remove_old
from appliance.store.rows import Batch, DeviceRow, EventRow, OutboxState, SnapshotRow, TrafficRow
from appliance.store.schema import migrate
from appliance.store.store_reading import Outgoing, Unmasked, keep_one, tell
from appliance.store.uuid7 import Uuid7Maker

log = structlog.get_logger()

MAX_WAITING_READINGS = 200_000
"""Above this, the oldest waiting readings are thinned out to the last one of each day: 300 MB or so on the disk."""


class Store:
    """Keeps readings and what still has to be sent. Each call is one transaction; what it returned from is on the disk.

    A context manager; may be used from several threads. Every method raises DataFolderError when the disk is full or not
    writable (nothing was changed then, and it works again once there is space), and StoreError for other faults.
    """

    def __init__(self, path: Path) -> None:
        """Open the database or make it; a damaged one is set aside, an event tells so, and a new one is started."""
        self._path = path
        self._lock = threading.RLock()
        self._ids = Uuid7Maker()
        fault = fault_of(path)
        aside = set_aside(path) if fault else None
        with explained(path):
            self._connection = connect_writer(path)
        try:
            with explained(path):
                migrate(self._connection)
            if fault and aside:
                self._carry_over(fault, aside)
        except BaseException:
            self._connection.close()
            raise

    def _carry_over(self, fault: str, aside: Path) -> None:
        with self._writing() as connection:
            saved = recover(aside, connection)
            insert_event(
                connection,
                "database_set_aside",
                Message(
                    "The database of readings was damaged and was set aside as %(file)s. A new one was started; "
                    "%(devices)d devices and %(waiting)d readings that wait to be sent were carried over.",
                    file=aside.name,
                    devices=saved.devices,
                    waiting=saved.waiting,
                ),
                None,
                {"reason": fault, "file": str(aside), "devices": saved.devices, "waiting": saved.waiting},
            )
        log.error(
            "the database was damaged; it was set aside and a new one started",
            kept_aside=str(aside),
            reason=fault,
            devices=saved.devices,
            waiting=saved.waiting,
        )

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; the store cannot be used afterwards."""
        with self._lock, explained(self._path):
            self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, explained(self._path), transaction(self._connection):
            yield self._connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, explained(self._path):
            yield self._connection

    def keep(
        self,
        readings: Sequence[report.Reading],
        agents: Mapping[str, Mapping[str, Any]] | None = None,
        outgoing: Outgoing | None = None,
    ) -> None:
        """Keep readings, put them into the outbox, and tell what has happened to their devices, in one transaction.

        `outgoing` gives readings and events the form in which they leave the site: what is in the outbox is what is sent. A reading
        may be kept under a better key than its own, when its device is known by one, and without a meter that is not believed yet.

        `agents` tells for each device key how it was reached (`{"address", "port", "version", "credential"}`, the credential by its
        name). The address there is the one to ask again; without it the reading's own is taken.
        """
        profiles = {key: dict(profile) for key, profile in (agents or {}).items()}
        for profile in profiles.values():
            if secret := next(filter(is_secret, profile), None):
                raise ValueError(f"{secret} must not get into the database: name the credential instead")
        with self._writing() as connection:
            for reading in readings:
                keep_one(
                    connection,
                    reading,
                    profiles.get(reading.device.key),
                    make_id=self._ids.make,
                    outgoing=outgoing or Unmasked(),
                )

    def note_failures(
        self,
        failures: Mapping[str, str],
        at: datetime | None = None,
        *,
        outgoing: Outgoing | None = None,
        everyone: bool = False,
    ) -> None:
        """Note for each device key why the device could not be read in this cycle; the next reading kept clears it.

        A device that was asked in vain several cycles in a row counts as silent, and an event tells so. `everyone`: the cycle was
        to reach every device, so that one without an address, which nobody can ask, was missed as well.
        """
        moment = at or utc_now()
        with self._writing() as connection:
            for key, device_event in note_missed(connection, failures, to_rfc3339(moment), everyone=everyone):
                about = device_of(connection, key)
                tell(connection, [device_event], about, moment, make_id=self._ids.make, outgoing=outgoing or Unmasked())

    def devices(self) -> list[DeviceRow]:
        """Return all devices ever seen."""
        with self._reading() as connection:
            return queries.devices(connection)

    def device(self, key: str) -> DeviceRow | None:
        """Return the device with this key, or None."""
        with self._reading() as connection:
            return queries.device(connection, key)

    def last_reading(self, key: str) -> report.Reading | None:
        """Return the newest reading of the device, or None."""
        row = self.device(key)
        return row.reading if row else None

    def outbox_state(self) -> OutboxState:
        """Return how much waits to be sent."""
        with self._reading() as connection:
            return queries.outbox_state(connection)

    def events(self, limit: int = 100) -> list[EventRow]:
        """Return the newest events, newest first."""
        with self._reading() as connection:
            return event_log.events(connection, limit)

    def traffic(self, days: int = 30) -> list[TrafficRow]:
        """Return packets and bytes by day and purpose for the newest `days` days that had any, newest first."""
        with self._reading() as connection:
            return accounting.days(connection, days)

    def traffic_of_last_day(self) -> dict[str, int]:
        """Return the bytes, both ways, of the last 24 hours by purpose."""
        with self._reading() as connection:
            return accounting.last_day(connection, utc_now())

    def traffic_units(self) -> dict[str, UnitCost]:
        """Return what averages are made of, by unit, over the newest 30 days that had it."""
        with self._reading() as connection:
            return accounting.units(connection)

    def next_batch(self, limit: int = 50) -> Batch | None:
        """Return the oldest readings that wait, at most `limit`; None when nothing waits.

        The same batch, id and content, comes again until it is acknowledged or rejected, also after a crash.
        """
        with self._writing() as connection:
            return outbox.next_batch(connection, self._ids.make, limit)

    def mask_anew(self, outgoing: Outgoing, limit: int) -> int:
        """Give readings that wait, at most `limit`, the form in which they leave the site now; return how many had another one."""
        with self._writing() as connection:
            return mask_readings_anew(connection, outgoing, limit)

    def mask_events_anew(self, outgoing: Outgoing) -> None:
        """Give the events that wait the form in which they leave the site now."""
        with self._writing() as connection:
            mask_events_anew(connection, outgoing)

    def device_names(self) -> list[report.Device]:
        """Return of each device what others may call it by: address, host name and MAC address."""
        with self._reading() as connection:
            return queries.device_names(connection)

    def acknowledge(self, batch_id: str, *, rebuilds: bool = False, needed: Collection[str] = ()) -> int:
        """Take a batch that the hosting server has out of the outbox; return its readings (0: it was acknowledged before).

        `rebuilds`: the server rebuilds later readings from these, which are sent as changes then. Of the devices `needed`, by their
        keys as sent, it could rebuild none: those readings wait again, to be sent in full.
        """
        with self._writing() as connection:
            return outbox.acknowledge(connection, batch_id, rebuilds=rebuilds, needed=needed)

    def send_in_full(self, batch_id: str) -> None:
        """Let the readings of a batch be sent in full, in a batch of another id: the server does not rebuild readings."""
        with self._writing() as connection:
            outbox.send_in_full(connection, self._ids.make, batch_id)

    def reject(self, batch_id: str, reason: str) -> int:
        """Deal with a batch the hosting server will never take; return how many readings were set aside.

        A batch of several is split in two smaller ones (0 is returned), so that one reading the server cannot take does not
        hold back the others. A batch of one is set aside, kept on the disk, and reported as an event; one that was sent as a
        change is tried in full first.
        """
        with self._writing() as connection:
            return outbox.reject(connection, self._ids.make, batch_id, reason)

    def tell_anew(self, outgoing: Outgoing | None = None, now: datetime | None = None) -> int:
        """Let the newest reading of each known device wait to be sent in full, to a server that knows none of them."""
        with self._writing() as connection:
            return outbox.tell_anew(connection, outgoing or Unmasked(), now or utc_now())

    def tell_restored(self, generation: str, backup_at: datetime | None) -> bool:
        """Let all be sent again that a server of this generation lacks, which was restored from a backup; false: it was done."""
        with self._writing() as connection:
            return outbox.tell_restored(connection, generation, backup_at, utc_now())

    def let_wait_again(self, outgoing: Outgoing, limit: int) -> int:
        """Let at most `limit` of what is to be sent again wait in the outbox; return how much that is, 0 where nothing is left."""
        with self._writing() as connection:
            return resending.let_wait(connection, outgoing, limit)

    def server_generation(self) -> str | None:
        """Return which generation of the hosting server was spoken with last, None where it never told one."""
        return self.recall(resending.SERVER_NOTE)

    def add_event(self, kind: str, text: str, device_key: str | None = None, **details: Any) -> None:
        """Keep an event; `text` is a sentence for a person, `details` must be JSON values without secrets."""
        with self._writing() as connection:
            insert_event(connection, kind, text, device_key, details)

    def add_traffic(
        self, traffic: TrafficByPurpose, units: Mapping[Unit, UnitCost] | None = None, at: datetime | None = None
    ) -> None:
        """Add what was counted to the totals of this UTC day, and `units` to what averages are made of."""
        with self._writing() as connection:
            accounting.add(connection, at or utc_now(), traffic, units)

    def retention(self, keep_days: int, *, max_waiting: int = MAX_WAITING_READINGS, now: datetime | None = None) -> Removed:
        """Remove what is older than `keep_days`, never the last reading of a device, nor what still waits to be sent.

        Counts of traffic are kept for 400 days.

        When more than `max_waiting` readings wait, the oldest are thinned out to the last one of each device and day.
        """
        with self._writing() as connection:
            removed = remove_old(connection, now or utc_now(), keep_days=keep_days, max_waiting=max_waiting)
            if removed.thinned:
                insert_event(
                    connection,
                    "outbox_thinned",
                    f"More than {max_waiting} readings wait to be sent: {removed.thinned} of the oldest were removed, "
                    "the last one of each device and day stays.",
                    None,
                    {"removed": removed.thinned},
                )
        return removed

    def keep_snapshots(self, rows: Iterable[SnapshotRow]) -> None:
        """Keep what devices said when they were read in full."""
        with self._writing() as connection:
            snapshots.keep(connection, rows)

    def snapshots(self, definitions: str) -> list[SnapshotRow]:
        """Return what devices said that were read by these definitions."""
        with self._reading() as connection:
            return snapshots.read(connection, definitions)

    def remember(self, name: str, value: str) -> None:
        """Keep a short note of the collector, such as when it last swept, in place of the former one of this name."""
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def recall(self, name: str) -> str | None:
        """Return the note of this name, or None."""
        with self._reading() as connection:
            return queries.note(connection, name)

    def check(self) -> None:
        """Raise the error that a write would raise now: the deep check of the collector."""
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('checked_at', ?)", (to_rfc3339(utc_now()),))
