"""Which generation of this installation this is: each restored copy is one of its own, and sites know which they spoke with."""

import sqlalchemy as sa
from alembic import op

from hosting.db.moment import Moment

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "installation",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("generation", sa.String(length=40), nullable=True),
        sa.Column("backup_at", Moment(), nullable=True),
        sa.Column("restored_at", Moment(), nullable=True),
        sa.Column("leap", sa.BigInteger(), nullable=True),
        sa.Column("last_backup_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "site_generation",
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("generation", sa.String(length=40), nullable=False),
        sa.Column("told_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("site_id"),
    )
