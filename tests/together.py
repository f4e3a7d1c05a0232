"""Which tests run on one worker, one after the other, when several workers share the run.

Those of the engine share its images and containers, those of the browser one Chromium, those of signed configuration a fleet that
each leaves to the next. The longest of those that start an engine of their own are a group beside the others: with more of them at
once two processors are too few for their deadlines. All others are handed out one by one. What takes longest begins first.
(`--dist loadgroup` of pytest-xdist 3.8 marks the ids of tests for this, which pytest 9.2 no longer lets it.)
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

OWN_ENGINE = tuple(
    f"tests/engine/test_{name}.py"
    for name in ("compose_update", "crash_matrix", "disturbed_site", "harness", "readings", "self_update", "transport")
)
TOGETHER = (
    "tests/engine/",
    "tests/end_to_end/test_configuration.py",
    "tests/browser/",
    "tests/simulator/test_demo.py",
)
"""Beginnings of ids; a test belongs to the first that fits."""
FIRST = (
    "tests/engine/",
    "tests/end_to_end/test_configuration.py",
    "tests/browser/",
    "tests/simulator/test_demo.py",
    "tests/benchmarks/",
    "tests/hosting/repository/",
    "tests/updater/",
)
"""Beginnings of ids of what begins first: something long that begins last keeps all workers waiting but one."""


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out single tests, and those of one group of `TOGETHER` as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(OWN_ENGINE):
            return "engines of their own"
        return next((group for group in TOGETHER if nodeid.startswith(group)), nodeid)


def rank(item: pytest.Item) -> int:
    """Return the place of a test in the order of a run; those of the same place stay in theirs."""
    return next((place for place, beginning in enumerate(FIRST) if item.nodeid.startswith(beginning)), len(FIRST))


def make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """Return the scheduler of a run, which takes groups and tests in the order of the collection."""
    config.option.loadscopereorder = False
    return Together(config, log)
