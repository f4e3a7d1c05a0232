"""Jobs that several servers share; days that are over, one row for each device."""

import sqlalchemy as sa
from alembic import op

from hosting.db.moment import Moment

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "job",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=True),
        sa.Column("held_until", Moment(), nullable=True),
        sa.Column("began_at", Moment(), nullable=True),
        sa.Column("last_run_at", Moment(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("next_at", Moment(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    typed = ("total", "total_mono", "total_color", "print_total", "copy_total", "fax_total", "scan_total")
    op.create_table(
        "device_day",
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("device_key", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_at", Moment(), nullable=False),
        sa.Column("last_at", Moment(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in typed),
        sa.Column("meters", sa.Text(), nullable=True),
        sa.Column("supplies", sa.Text(), nullable=True),
        sa.Column("dictionary", sa.Integer(), nullable=True),
        sa.Column("segment", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "device_key", "day"),
    )
    op.create_index("device_day_day", "device_day", ["day"], unique=False)
    there = sa.text("segment IS NOT NULL")
    op.create_index("device_day_segment", "device_day", ["day"], unique=False, sqlite_where=there, postgresql_where=there)
    if op.get_bind().dialect.name == "postgresql":
        # Segments are compressed already: PostgreSQL need not try, and they stay out of the row from 2 kB on as always.
        op.execute("ALTER TABLE device_day ALTER COLUMN segment SET STORAGE EXTERNAL")
    op.create_table(
        "dictionary",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
