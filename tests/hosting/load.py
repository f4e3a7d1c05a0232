"""Sites that go on sending whatever happens to the server, and what they were told: nothing of it may be lost or doubled."""

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import urllib3.exceptions

from hosting.db.connection.database import Database
from hosting.db.tables import batch as batch_table
from hosting.db.tables import reading as reading_table
from tests.children import wait_until
from tests.hosting.batches import batch, reading
from tests.hosting.site import Site

READINGS = 3
"""Of each batch."""
PAUSE = 0.02
"""Between two requests of a site, so that its budget lasts for a test."""


class Sender(threading.Thread):
    """One site: makes batch after batch, and sends each until it is acknowledged, as an appliance does."""

    def __init__(self, site: Site, number: int) -> None:
        super().__init__(daemon=True)
        self.site = site
        self.acknowledged: set[str] = set()
        """Device keys, each of one reading."""
        self.batches = 0
        self.told: Counter[int] = Counter()
        """Statuses of the answers; 0 where there was none."""
        self._number = number
        self._made = 0
        self._pending: dict[str, Any] | None = None
        self._full_stop = threading.Event()
        self._stop_making = threading.Event()

    def run(self) -> None:
        """Send until told to stop."""
        while not self._full_stop.wait(PAUSE):
            if self._pending is None:
                if self._stop_making.is_set():
                    return
                self._pending = self._make()
            self._send(self._pending)

    def settle(self) -> None:
        """Send what waits and no more."""
        self._stop_making.set()

    def stop(self) -> None:
        """Send nothing any more, also not what waits."""
        self._full_stop.set()

    def _make(self) -> dict[str, Any]:
        keys = [f"serial:LOAD:{self._number}-{self._made + one}" for one in range(READINGS)]
        self._made += READINGS
        return batch(*(reading(key) for key in keys))

    def _send(self, pending: dict[str, Any]) -> None:
        try:
            answer = self.site.upload(pending)
        except urllib3.exceptions.HTTPError:
            self.told[0] += 1
            return
        self.told[answer.status] += 1
        if answer.status == 200:
            told = answer.json()
            assert told["accepted"] + told["duplicate"] == READINGS, told
            self.acknowledged |= {item["device"]["key"] for item in pending["readings"]}
            self.batches += 1
            self._pending = None


class Load:
    """Several senders."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self.senders = [Sender(site, number) for number, site in enumerate(sites)]

    def __enter__(self) -> "Load":
        for sender in self.senders:
            sender.start()
        return self

    def __exit__(self, *_error: object) -> None:
        for sender in self.senders:
            sender.stop()
        for sender in self.senders:
            sender.join(60)

    @property
    def told(self) -> Counter[int]:
        """How often each status came."""
        return sum((sender.told for sender in self.senders), Counter())

    def wait_for(self, count: int, status: int = 200) -> None:
        """Return when so many more answers with this status have come."""
        end = self.told[status] + count
        wait_until(f"{count} answers {status}", lambda: self.told[status] >= end, 60)

    def settle(self) -> None:
        """Let all that waits be sent, and nothing else."""
        for sender in self.senders:
            sender.settle()
        for sender in self.senders:
            sender.join(90)
            assert not sender.is_alive(), f"a batch was never acknowledged: {sender.told}"

    def acknowledged(self) -> set[tuple[str, str]]:
        """Return (site_id, device key) of all that was acknowledged."""
        return {(sender.site.site_id, key) for sender in self.senders for key in sender.acknowledged}


def stored(database: Database) -> list[tuple[str, str]]:
    """Return (site_id, device key) of each reading there is."""
    with database.reading() as connection:
        rows = connection.execute(sa.select(reading_table.c.site_id, reading_table.c.device_key))
        return [(row.site_id, row.device_key) for row in rows]


def assert_nothing_is_lost_or_doubled(load: Load, database: Database) -> None:
    """Hold what the sites were told against what there is, once all of it was acknowledged."""
    there = stored(database)
    assert sorted(there) == sorted(load.acknowledged())
    with database.reading() as connection:
        noted = connection.execute(sa.select(sa.func.count()).select_from(batch_table)).scalar_one()
    assert noted == sum(sender.batches for sender in load.senders)
