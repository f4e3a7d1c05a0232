"""Readings that say they were taken in the future stand apart from the history."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from appliance.common.clock import utc_now
from hosting.db.moment import Moment

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "reading_ahead",
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("device_key", sa.String(length=200), nullable=False),
        sa.Column("taken_at", Moment(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "device_key", "taken_at"),
    )
    op.create_index("reading_ahead_received_at", "reading_ahead", ["received_at"], unique=False)
    history, ahead = _rows("reading"), _rows("reading_ahead")
    future = history.c.taken_at > utc_now() + timedelta(minutes=5)
    op.execute(sa.insert(ahead).from_select(ahead.columns.keys(), sa.select(history).where(future)))
    op.execute(sa.delete(history).where(future))


def _rows(name: str) -> sa.TableClause:
    moments = (sa.column("taken_at", Moment()), sa.column("received_at", Moment()))
    return sa.table(name, sa.column("site_id"), sa.column("device_key"), *moments, sa.column("body"))
