"""Which version each site moves to, and what became of its updates."""

import sqlalchemy as sa
from alembic import op

from hosting.db.moment import Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Bring the schema to this revision."""
    for name, length in (
        ("update_channel", 32),
        ("update_version", 64),
        ("update_execution", 16),
        ("update_result", 16),
        ("update_reason", 40),
        ("update_waits", 240),
    ):
        op.add_column("site", sa.Column(name, sa.String(length=length), nullable=True))
    op.create_index(op.f("ix_site_update_version"), "site", ["update_version"], unique=False)
    op.create_table(
        "site_update",
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("transaction_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("from_version", sa.String(length=64), nullable=False),
        sa.Column("started_at", Moment(), nullable=True),
        sa.Column("told_at", Moment(), nullable=False),
        sa.Column("execution", sa.String(length=16), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "transaction_id"),
    )
    op.create_index("site_update_version", "site_update", ["version", "told_at"], unique=False)
