"""Which tests run on one worker, one after the other, when several workers share the run.

Those of the engine share its images and containers, those of the browser one Chromium, those of signed configuration a fleet that
each leaves to the next. Tests that start an engine of their own are a group for itself, beside those of the shared one. All others
are handed out one by one.
(`--dist loadgroup` of pytest-xdist 3.8 marks the ids of tests for this, which pytest 9.2 no longer lets it.)
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

OWN_ENGINE = ("compose_update", "crash_matrix", "disturbed_site", "harness", "readings", "self_update", "transport")
TOGETHER = (
    tuple(f"tests/engine/test_{name}.py" for name in OWN_ENGINE),
    ("tests/engine/",),
    ("tests/browser/",),
    ("tests/end_to_end/test_configuration.py",),
    ("tests/simulator/test_demo.py",),
)
"""Groups of beginnings of ids; a test belongs to the first that has its own."""


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out single tests, and those of one group of `TOGETHER` as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group[0] for group in TOGETHER if nodeid.startswith(group)), nodeid)


def make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """Return the scheduler of a run."""
    return Together(config, log)
