"""The lock on the data folder at the start of the appliance, also while its container is being replaced.

Two appliances never work on one folder. As a rule the second one says so and ends. During a replacement both containers may run for
a moment (an engine that starts again revives what it had): then the second one waits, for a container that ends and is started
again and again would look like a version that crashes.
"""

import contextlib
import time
from collections.abc import Iterator

from appliance.common.errors import DataFolderInUseError, DcaError
from appliance.common.paths import Paths
from appliance.process.lock import MainLock
from updater.records.journal import FINISHED, Journal

PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.1


class WaitedInVainError(DcaError):
    """The data folder was in use for all of the time that is waited during a replacement: whoever starts us may try again."""


@contextlib.contextmanager
def hold_main_lock(paths: Paths, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the data folder. Raises DataFolderInUseError, and after `patience` seconds of a replacement WaitedInVainError."""
    with contextlib.ExitStack() as stack:
        deadline = time.monotonic() + patience
        while True:
            try:
                stack.enter_context(MainLock(paths.main_lock))
            except DataFolderInUseError as error:
                if not _is_being_replaced(paths):
                    raise
                if time.monotonic() > deadline:
                    raise WaitedInVainError(f"{error} A replacement of the container is under way; this one ends.") from error
                time.sleep(PAUSE_SECONDS)
            else:
                break
        yield


def _is_being_replaced(paths: Paths) -> bool:
    transaction = Journal(paths.update).read()
    return transaction is not None and transaction.phase not in FINISHED
