"""Publishes and is killed at the N-th change to the disk: `FOLDER STEP configuration|drafts`."""

import os
import signal
import sys
from pathlib import Path

from appliance.common.clock import utc_now
from hosting.repository.folder import RepositoryFolder
from hosting.repository.repository import Repository, publish_drafts

from .published import document

CHANGES = {"os.rename", "os.remove", "os.utime", "os.link"}


def main() -> None:
    """Publish; each rename, removal, link and new time of a file counts, and the one of STEP does not happen."""
    folder, step, what = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    count = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event in CHANGES and str(arguments[0]).startswith(str(folder)):
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)

    repository = Repository.open(folder)
    assert repository is not None
    sys.addaudithook(watch)
    if what == "drafts":
        publish_drafts(RepositoryFolder(folder), utc_now())
    else:
        repository.publish_configuration({f"config/site/{name}.json": document(2) for name in ("one", "two")})


if __name__ == "__main__":
    main()
