"""Sending what waits: batch after batch, until the outbox is empty or something stands in the way."""

from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.common.errors import BatchIdTakenError, ContentRefusedError
from appliance.common.message import message_of
from appliance.store.store import Store
from appliance.transmission.client import ChangesIgnoredError, HostingClient

BATCH_READINGS = 1000
"""What the contract allows: the more readings are compressed together, the less each of them takes."""


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
    store: Store,
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
