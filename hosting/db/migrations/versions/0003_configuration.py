"""Signed configuration, groups, the end of a site's time, and support bundles."""

import sqlalchemy as sa
from alembic import op

from hosting.db.moment import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring the schema to this revision."""
    for column in (
        sa.Column("group_name", sa.String(length=63), nullable=True),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("deactivated_at", Moment(), nullable=True),
        sa.Column("root_sha256", sa.String(length=64), nullable=True),
        sa.Column("configuration_state", sa.String(length=16), nullable=True),
    ):
        op.add_column("site", column)
    op.create_index(op.f("ix_site_group_name"), "site", ["group_name"], unique=False)
    op.create_table(
        "configuration",
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("published_at", Moment(), nullable=True),
        sa.Column("published_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("path", "version"),
    )
    op.create_table(
        "support_bundle",
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("bundle_id", sa.String(length=36), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "bundle_id"),
    )
