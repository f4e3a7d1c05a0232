"""Migrates and kills itself with SIGKILL at a statement of it. A program of its own: `DATA_FOLDER NUMBER`.

The statement with this number is not executed any more. Where there are fewer, the migration ends well.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hosting.config import make_config
from hosting.db.connection.database import Database, database_url
from hosting.db.migrate import migrate


def main() -> None:
    """Migrate, or begin to."""
    config, last = make_config(Path(sys.argv[1])), int(sys.argv[2])
    database = Database(database_url(config.database_url, config.folder))
    count = 0

    def next_statement(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(database.engine, "before_cursor_execute", next_statement)
    sa.event.listen(database.engine, "commit", next_statement)
    migrate(database)


if __name__ == "__main__":
    main()
