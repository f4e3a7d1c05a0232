"""What the tests run in processes of their own: `python -m tests.appliance.store.children WHAT PATH`.

Each write is told on standard output once it is durable, so that a test that kills the process knows what must be there.
"""

import itertools
import resource
import sys
from pathlib import Path

from appliance.common.errors import DcaError
from appliance.store.store import Store
from tests.appliance.store.samples import sample


def tell(text: object) -> None:
    print(text, flush=True)


def write_forever(path: Path) -> None:
    """Keep one reading after the other; tell each number once it is kept."""
    with Store(path) as store:
        for number in itertools.count(store.outbox_state().readings):
            store.keep([sample(1, hours=number / 60, pages=number)])
            tell(number)


def send_forever(path: Path) -> None:
    """Make a batch, tell it, acknowledge it, tell that; again and again."""
    with Store(path) as store:
        while batch := store.next_batch(3):
            tell(f"batch {batch.id} {len(batch.readings)}")
            store.acknowledge(batch.id)
            tell(f"acknowledged {batch.id}")


def fill_up(path: Path) -> None:
    """Keep readings until files may grow no more, then allow it again and go on."""
    kept = 0
    with Store(path) as store:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
        try:
            while True:
                store.keep([sample(1, pages=kept), sample(2, pages=kept)])
                kept += 2
        except DcaError as error:
            tell(f"{type(error).__name__}: {error}")
        tell(f"kept {kept}, there are {store.outbox_state().readings}")
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        store.keep([sample(3)])
        tell(f"then {store.outbox_state().readings}")


if __name__ == "__main__":
    {"write": write_forever, "send": send_forever, "fill": fill_up}[sys.argv[1]](Path(sys.argv[2]))
