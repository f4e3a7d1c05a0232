"""Sending what waits: batch after batch, until the outbox is empty or something stands in the way."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from appliance.common.errors import BatchIdTakenError, ContentRefusedError
from appliance.common.message import message_of
from appliance.store.rows import Batch
from appliance.transmission.client import ChangesIgnoredError, HostingClient

BATCH_READINGS = 1000
"""What the contract allows: the more readings are compressed together, the less each of them takes."""


class Outbox(Protocol):
    """What waits to be sent: `appliance.store.store.Store`, or what stands for it in a simulated site."""

    def next_batch(self, limit: int) -> Batch | None:
        """Return the oldest that waits; the same batch, id and content, until it is acknowledged or rejected."""

    def acknowledge(self, batch_id: str, *, rebuilds: bool, needed: Collection[str]) -> int:
        """Take out a batch the server has; readings of devices `needed` wait again, to be sent in full."""

    def send_in_full(self, batch_id: str) -> None:
        """Let the readings of a batch be sent in full, in a batch of another id."""

    def reject(self, batch_id: str, reason: str) -> int:
        """Deal with a batch the server will never take; return how many readings were set aside."""


@dataclass(slots=True)
class Sent:
    """What one run has sent."""

    calls: int = field(default=0, compare=False)
    """How often the hosting server was asked, whatever came of it."""
    batches: int = 0
    accepted: int = 0
    duplicate: int = 0
    set_aside: int = 0
    """Readings the hosting server will never take."""
    needed: int = 0
    """Devices whose readings had to be sent in full after all."""


def upload_waiting(
    store: Outbox,
    client: HostingClient,
    *,
    limit: int = BATCH_READINGS,
    stopping: Callable[[], bool] = lambda: False,
    sent: Sent | None = None,
) -> Sent:
    """Send what waits in batches of at most `limit` readings; return what was sent. Blocking.

    Raises HostingError or RefusedError at the first batch that does not get through: it stays in the outbox, the same batch is
    sent next time; only one whose id the server has for other content gets a new id, once in a row. `sent`, when given, tells
    also then what got through before. `stopping` is asked between two batches.
    """
    done = sent or Sent()
    renamed = False
    while not stopping() and (batch := store.next_batch(limit)):
        done.calls += 1
        try:
            answer = client.upload(batch)
        except ContentRefusedError as error:
            done.set_aside += store.reject(batch.id, message_of(error))
            continue
        except BatchIdTakenError:
            store.send_in_full(batch.id)
            if renamed:
                raise
            renamed = True
            continue
        except ChangesIgnoredError:
            store.send_in_full(batch.id)
            continue
        renamed = False
        store.acknowledge(batch.id, rebuilds=answer.changes, needed=answer.needed)
        done.batches += 1
        done.needed += len(answer.needed)
        done.accepted += answer.accepted
        done.duplicate += answer.duplicate
    return done
