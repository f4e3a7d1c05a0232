"""What is going to be removed, and when."""

import sqlalchemy as sa
from alembic import op

from hosting.db.moment import Moment

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "removal",
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("device_key", sa.String(length=200), nullable=False),
        sa.Column("planned_at", Moment(), nullable=False),
        sa.Column("remove_at", Moment(), nullable=False),
        sa.Column("planned_by", sa.String(length=100), nullable=False),
        sa.Column("begun_at", Moment(), nullable=True),
        sa.Column("emptied_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "device_key"),
    )
