"""The names of sites in a table of their own, where they are unique also in a database that is split by site."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "site_name",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    site = sa.table("site", sa.column("name"), sa.column("site_id"))
    names = sa.table("site_name", sa.column("name"), sa.column("site_id"))
    op.execute(sa.insert(names).from_select(["name", "site_id"], sa.select(site.c.name, site.c.site_id)))
