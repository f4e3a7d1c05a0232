"""What is written to see whether the database takes it."""

import sqlalchemy as sa
from alembic import op

from hosting.db.moment import Moment

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "probe",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
