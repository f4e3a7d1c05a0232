"""What a network does to datagrams: loss and delay, the same again with the same seed."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """`loss` is the probability, 0 to 1, that a datagram is lost, either way; `delay` is in seconds, for a reply."""

    loss: float = 0.0
    delay: float = 0.0
    seed: int = 0


class FaultyPath:
    """The path between a client and the agents; asked once for each request and once for each reply."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        # Not for secrets: a generator that can be seeded is the point.
        self._random = random.Random(faults.seed)  # noqa: S311

    @property
    def any(self) -> bool:
        """Whether there is any fault at all."""
        return bool(self._faults.loss or self._faults.delay)

    def loses(self) -> bool:
        """Return whether this datagram is lost."""
        return self._faults.loss > 0 and self._random.random() < self._faults.loss

    @property
    def delay(self) -> float:
        """Seconds a reply takes."""
        return self._faults.delay
