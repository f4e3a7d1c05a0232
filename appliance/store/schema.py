"""The tables of `readings.db`, as numbered migrations (`PRAGMA user_version`).

Migrations only add. An appliance that was rolled back to its former version therefore still works on a database that its
successor has migrated already, and a number above the last one known here is no error.
"""

import sqlite3

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
        """CREATE TABLE device (
            key TEXT PRIMARY KEY,
            address TEXT,
            first_seen_at TEXT NOT NULL,
            last_seen_at TEXT NOT NULL,
            last_reading_id INTEGER NOT NULL REFERENCES reading (id) DEFERRABLE INITIALLY DEFERRED,
            agent TEXT NOT NULL DEFAULT '{}',
            failure TEXT,
            failed_at TEXT
        ) STRICT""",
        "CREATE INDEX device_address ON device (address)",
        "CREATE INDEX device_last_reading ON device (last_reading_id)",
        """CREATE TABLE reading (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            device_key TEXT NOT NULL REFERENCES device (key) DEFERRABLE INITIALLY DEFERRED,
            taken_at TEXT NOT NULL,
            body TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX reading_device ON reading (device_key, taken_at)",
        "CREATE INDEX reading_taken ON reading (taken_at)",
        """CREATE TABLE batch (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            made_at TEXT NOT NULL,
            rejected_at TEXT,
            reason TEXT
        ) STRICT""",
        """CREATE TABLE outbox (
            reading_id INTEGER PRIMARY KEY REFERENCES reading (id),
            batch_number INTEGER REFERENCES batch (number)
        ) STRICT""",
        "CREATE INDEX outbox_batch ON outbox (batch_number)",
        """CREATE TABLE event (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            kind TEXT NOT NULL,
            text TEXT NOT NULL,
            device_key TEXT,
            details TEXT NOT NULL DEFAULT '{}'
        ) STRICT""",
        "CREATE INDEX event_device ON event (device_key, id)",
        """CREATE TABLE traffic (
            day TEXT NOT NULL,
            purpose TEXT NOT NULL,
            packets_sent INTEGER NOT NULL,
            packets_received INTEGER NOT NULL,
            bytes_sent INTEGER NOT NULL,
            bytes_received INTEGER NOT NULL,
            PRIMARY KEY (day, purpose)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        "ALTER TABLE device ADD COLUMN mac TEXT",
        "ALTER TABLE device ADD COLUMN memory TEXT NOT NULL DEFAULT '{}'",
        "ALTER TABLE device ADD COLUMN missed INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE device ADD COLUMN silent_at TEXT",
        "ALTER TABLE device ADD COLUMN replaced_by TEXT",
        """UPDATE device SET mac =
            (SELECT json_extract(body, '$.device.mac') FROM reading WHERE reading.id = device.last_reading_id)""",
        "CREATE INDEX device_mac ON device (mac)",
        "CREATE TABLE device_alias (key TEXT PRIMARY KEY, device_key TEXT NOT NULL) STRICT, WITHOUT ROWID",
        """CREATE TABLE device_stay (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            device_key TEXT NOT NULL,
            address TEXT NOT NULL,
            first_seen_at TEXT NOT NULL,
            last_seen_at TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX device_stay_device ON device_stay (device_key, id)",
        """INSERT INTO device_stay (device_key, address, first_seen_at, last_seen_at)
            SELECT key, address, first_seen_at, last_seen_at FROM device WHERE address IS NOT NULL""",
        "ALTER TABLE outbox ADD COLUMN body TEXT",
        """CREATE TABLE event_outbox (
            event_id INTEGER PRIMARY KEY REFERENCES event (id),
            body TEXT NOT NULL,
            batch_number INTEGER REFERENCES batch (number)
        ) STRICT""",
        "CREATE INDEX event_outbox_batch ON event_outbox (batch_number)",
    ),
    (
        # Beside `traffic`, whose columns a former version fills by their number.
        """CREATE TABLE traffic_unit (
            day TEXT NOT NULL,
            unit TEXT NOT NULL,
            count INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            PRIMARY KEY (day, unit)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE traffic_hour (
            hour TEXT NOT NULL,
            purpose TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            PRIMARY KEY (hour, purpose)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE snapshot (
            address TEXT NOT NULL,
            port INTEGER NOT NULL,
            full_at TEXT NOT NULL,
            counts_alerts INTEGER NOT NULL,
            definitions TEXT NOT NULL,
            objects BLOB NOT NULL,
            PRIMARY KEY (address, port)
        ) STRICT""",
    ),
    (
        "ALTER TABLE outbox ADD COLUMN masks TEXT",
        "ALTER TABLE outbox ADD COLUMN change TEXT",
        """CREATE TABLE base (
            device_key TEXT PRIMARY KEY,
            reading_id INTEGER NOT NULL,
            body TEXT,
            masks TEXT NOT NULL,
            full_at TEXT,
            full_until TEXT,
            proven INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        # Other addresses of devices, and provisional keys of devices that tell the serial number of `device_key`.
        "CREATE TABLE second_address (other TEXT PRIMARY KEY, device_key TEXT NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE shared_serial (other TEXT PRIMARY KEY, device_key TEXT NOT NULL) STRICT, WITHOUT ROWID",
    ),
    (
        # What was acknowledged in which hour, as spans of numbers of `reading` and `event`, and what is to be sent again.
        """CREATE TABLE acknowledged (
            hour TEXT NOT NULL,
            what TEXT NOT NULL,
            first INTEGER NOT NULL,
            last INTEGER NOT NULL,
            PRIMARY KEY (hour, what, first)
        ) STRICT, WITHOUT ROWID""",
        "CREATE TABLE resend (what TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT",
        # The id under which an event leaves the site: sent again it has to be the same one.
        "ALTER TABLE event ADD COLUMN sent_as TEXT",
        "UPDATE event SET sent_as = (SELECT json_extract(body, '$.id') FROM event_outbox WHERE event_id = event.id)",
        # When former readings were acknowledged nobody knows: at the latest now.
        """INSERT INTO acknowledged SELECT strftime('%Y-%m-%dT%H', 'now'), 'reading', MIN(id), MAX(id) FROM reading
            HAVING COUNT(*) > 0""",
    ),
)


def migrate(connection: sqlite3.Connection, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS) -> None:
    """Bring the database to the newest schema known here, each step in a transaction of its own."""
    done = int(connection.execute("PRAGMA user_version").fetchone()[0])
    for number, statements in enumerate(migrations[done:], done + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
