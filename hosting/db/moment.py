"""Moments as the databases store them."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A moment in UTC and whole seconds: `timestamptz` on PostgreSQL, seconds since 1970 on SQLite."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Return the column type of the dialect."""
        return dialect.type_descriptor(sa.TIMESTAMP(timezone=True) if dialect.name == "postgresql" else sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """Return the value as the dialect stores it."""
        if value is None or dialect.name == "postgresql":
            return value
        return int(value.timestamp())

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Return the stored value as a moment in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else datetime.fromtimestamp(value, UTC)
