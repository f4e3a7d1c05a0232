"""Runs a job and kills itself with SIGKILL at a statement of it. A program of its own: `DATA_FOLDER JOB READINGS_A_STEP NUMBER`.

The statement with this number is not executed any more; the one after the last is COMMIT. Where there are fewer, the run ends well.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hosting.config import Config, make_config
from hosting.db.connection.database import Database, database_url
from hosting.db.history import roll_up
from hosting.jobs.plan import job_named
from hosting.jobs.runner import JobRunner


def main() -> None:
    """Run the job, or a part of it."""
    config: Config = make_config(Path(sys.argv[1]))
    roll_up.READINGS_A_STEP, last = int(sys.argv[3]), int(sys.argv[4])
    database = Database(database_url(config.database_url, config.folder))
    count = 0

    def next_statement(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(database.engine, "before_cursor_execute", next_statement)
    sa.event.listen(database.engine, "commit", next_statement)
    job = job_named(sys.argv[2])
    assert job
    JobRunner(database, config).run_now(job, rest=0.0)


if __name__ == "__main__":
    main()
