"""Which tests run on one worker, one after the other, when several workers share the run.

Those of the engine share its images and containers, those of the browser one Chromium, those of signed configuration a fleet that
each leaves to the next. All others are handed out one by one.
(`--dist loadgroup` of pytest-xdist 3.8 marks the ids of tests for this, which pytest 9.2 no longer lets it.)
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/engine/", "tests/browser/", "tests/end_to_end/test_configuration.py", "tests/simulator/test_demo.py")


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out single tests, and those of one of `TOGETHER` as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)


def make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """Return the scheduler of a run."""
    return Together(config, log)
