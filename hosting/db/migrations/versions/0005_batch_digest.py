"""What was in each batch, so that its id stands for that alone."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("batch", sa.Column("digest", sa.String(length=64), nullable=True))
