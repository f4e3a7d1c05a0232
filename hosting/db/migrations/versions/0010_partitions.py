"""The readings as they came stand in one table a day, on PostgreSQL; SQLite keeps one table.

What is there becomes the partition of all days up to some days from now, without being copied: a constraint says so, is validated
beside the work of other servers, and saves a look through the table while it is locked. Roll-up empties it, then it goes.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from hosting.db.moment import Moment

revision = "0010"
down_revision = "0008"

AHEAD = timedelta(days=7)
"""So long the validation may take, cut off and begun again, until readings come that the constraint refuses."""
LEAST = timedelta(days=2)
"""A constraint that was left behind is used where it still holds for so long."""
PREFIX = "reading_until_"
CHECK_VIOLATION = "23514"


def upgrade() -> None:
    """Bring the schema to this revision."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("LOCK TABLE reading IN ACCESS EXCLUSIVE MODE")
    if _value("SELECT pg_relation_size('reading')") == 0:
        op.drop_table("reading")
        _make_partitioned()
        return
    until = _declare_until()
    with op.get_context().autocommit_block():
        _validate(until)
    _make_room()
    _make_partitioned()
    op.execute(f"ALTER TABLE reading ATTACH PARTITION reading_before FOR VALUES FROM (MINVALUE) TO ('{until.isoformat()}')")
    op.execute(f"ALTER TABLE reading_before DROP CONSTRAINT {_name(until)}")


def _declare_until() -> datetime:
    """Let a constraint say that no reading is taken later, and return when that is."""
    now = datetime.now(UTC)
    found = op.get_bind().execute(
        sa.text("SELECT conname FROM pg_constraint WHERE conrelid = 'reading'::regclass AND starts_with(conname, :prefix)"),
        {"prefix": PREFIX},
    )
    for name in found.scalars().all():
        until = datetime.strptime(name.removeprefix(PREFIX), "%Y%m%d").replace(tzinfo=UTC)
        if until > now + LEAST:
            return until
        op.execute(f"ALTER TABLE reading DROP CONSTRAINT {name}")
    until = (now + AHEAD).replace(hour=0, minute=0, second=0, microsecond=0)
    op.execute(f"ALTER TABLE reading ADD CONSTRAINT {_name(until)} CHECK (taken_at < '{until.isoformat()}') NOT VALID")
    return until


def _validate(until: datetime) -> None:
    validate = f"ALTER TABLE reading VALIDATE CONSTRAINT {_name(until)}"
    try:
        op.execute(validate)
    except sa.exc.IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != CHECK_VIOLATION:
            raise
        # An old server that keeps no readings of the future apart took them in beside this one.
        columns = "site_id, device_key, taken_at, received_at, body"
        op.execute(
            f"WITH future AS (DELETE FROM reading WHERE taken_at >= '{until.isoformat()}' RETURNING {columns}) "  # noqa: S608
            f"INSERT INTO reading_ahead ({columns}) SELECT {columns} FROM future ON CONFLICT DO NOTHING"
        )
        op.execute(validate)


def _make_room() -> None:
    op.execute("ALTER TABLE reading RENAME TO reading_before")
    op.execute("ALTER INDEX reading_pkey RENAME TO reading_before_pkey")


def _make_partitioned() -> None:
    op.create_table(
        "reading",
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("device_key", sa.String(length=200), nullable=False),
        sa.Column("taken_at", Moment(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "device_key", "taken_at"),
        postgresql_partition_by="RANGE (taken_at)",
    )
    op.execute("CREATE TABLE reading_default PARTITION OF reading DEFAULT")


def _name(until: datetime) -> str:
    return f"{PREFIX}{until:%Y%m%d}"


def _value(statement: str) -> object:
    return op.get_bind().execute(sa.text(statement)).scalar_one()
