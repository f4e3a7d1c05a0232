"""Events of devices."""

import sqlalchemy as sa
from alembic import op

from hosting.db.moment import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "event",
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("device_key", sa.String(length=200), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "event_id"),
    )
    op.create_index("event_device", "event", ["site_id", "device_key", "at"], unique=False)
    op.create_index("event_at", "event", ["at"], unique=False)
