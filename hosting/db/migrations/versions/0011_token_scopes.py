"""What a token opens, until when, and who made it. Those there are open all and never end."""

import sqlalchemy as sa
from alembic import op

from hosting.db.moment import Moment
from hosting.db.tables import EVERY_SCOPE

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Bring the schema to this revision."""
    # The default is also for a server of the version before, which makes tokens beside this one while it is replaced.
    op.add_column("token", sa.Column("scopes", sa.String(length=200), nullable=False, server_default=EVERY_SCOPE))
    op.add_column("token", sa.Column("created_by", sa.String(length=100), nullable=False, server_default="command line"))
    op.add_column("token", sa.Column("expires_at", Moment(), nullable=True))
    op.add_column("token", sa.Column("revoked_at", Moment(), nullable=True))
