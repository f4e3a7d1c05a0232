"""Statements that take long are logged: as they are written, with places for their values and without the values."""

import time
from typing import Any

import sqlalchemy as sa
import structlog

SHOWN_CHARACTERS = 500
BEGAN = "dca_began"


def log_slow_statements(engine: sa.Engine, seconds: float) -> None:
    """Log each statement of `engine` that takes at least so many seconds, the wait for locks included."""

    def before(connection: sa.Connection, *_of_statement: Any) -> None:
        connection.info[BEGAN] = time.monotonic()

    def after(connection: sa.Connection, _cursor: object, statement: str, *_of_statement: Any) -> None:
        took = time.monotonic() - connection.info.get(BEGAN, time.monotonic())
        if took >= seconds:
            text = " ".join(statement.split())[:SHOWN_CHARACTERS]
            structlog.get_logger().warning("slow statement", milliseconds=round(1000 * took, 1), statement=text)

    sa.event.listen(engine, "before_cursor_execute", before)
    sa.event.listen(engine, "after_cursor_execute", after)
