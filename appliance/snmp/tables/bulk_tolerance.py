"""How much of GETBULK an agent bears: less after a silence or tooBig, and none at all where it only makes trouble. Pure."""

from typing import Final

from appliance.snmp.agent import AgentProfile, SnmpOptions
from appliance.snmp.exchange import Patience
from appliance.snmp.tables.bulk_plan import Batch

SHORTEST_SECONDS: Final = 1.0


class BulkTolerance:
    """What one visit finds out about the agent's GETBULK. What holds for later visits too is noted in `profile`."""

    def __init__(self, options: SnmpOptions, profile: AgentProfile) -> None:
        self.silences = 0
        """Since the last GETBULK that was answered."""
        self.is_right = False
        """Whether a GETBULK was answered without an error."""
        self._options = options
        self._profile = profile
        self._usable = True
        self._answered = False
        self._fewer_repetitions: int | None = None
        self._fewer_objects: int | None = None
        self._is_doubted = False

    @property
    def is_possible(self) -> bool:
        """Whether it can be asked by GETBULK."""
        return self._usable and self._profile.bulk and not self._is_doubted

    @property
    def most_repetitions(self) -> int:
        """How many repetitions it can be asked for."""
        known = (self._options.max_repetitions, self._profile.max_repetitions, self._fewer_repetitions)
        return min(number for number in known if number is not None)

    def room(self, objects: int) -> int:
        """Return how many objects it can be asked for, of at most `objects`."""
        return objects if self._fewer_objects is None else min(objects, self._fewer_objects)

    def patience(self, objects: int, round_trip: float | None) -> Patience | None:
        """Return how long to wait for a GETBULK of so many objects; None: as long as for anything else.

        Until the agent has answered one there is no use in repeating it: a small GET tells sooner whether the agent is there. Once
        that has shown how fast it is (`round_trip`, in seconds), the second GETBULK needs no more time than as many single answers
        would take.
        """
        if self._answered:
            return None
        seconds = self._options.timeout
        if self.silences and round_trip is not None:
            seconds = min(seconds, max(SHORTEST_SECONDS, round_trip * objects))
        return Patience(seconds)

    def was_silent(self, batch: Batch) -> None:
        """Ask for much less after the first silence of a living agent; after the second one give GETBULK up, see `was_alive`."""
        self.silences += 1
        if self.silences == 1:
            self._fewer_repetitions = max(2, batch.repetitions // 4)
            self._fewer_objects = self._fewer_repetitions
            self._profile.bulk_silences += 1
            return
        self._is_doubted = True

    def was_alive(self) -> None:
        """Take note that the agent has answered something else, after what came before.

        It did so between two silences as well, and less was asked: even if it answers some GETBULKs, others cost seconds.
        """
        if self._is_doubted:
            self.refuse()
        elif self._profile.bulk_silences > 1:
            # Silent in an earlier visit too: that was no lost packet, the agent cannot bear more.
            self._profile.max_repetitions = self._fewer_repetitions

    def was_answered(self, batch: Batch) -> None:
        """Note an answer, and what the silences before it meant."""
        self._answered = True
        self._fewer_objects = None
        if self.silences and self._profile.bulk_silences > 1:
            # Silent in an earlier visit too: that was no lost packet, the agent cannot bear more.
            self._profile.max_repetitions = batch.repetitions
        elif self._fewer_repetitions is None:
            self._profile.bulk_silences = 0
        self.silences = 0

    def refuse(self) -> None:
        """Ask this agent by GETBULK no more."""
        self._profile.bulk = False

    def ask_for_less(self, single: int, batch: Batch) -> None:
        """Halve what a GETBULK asks for; when there is nothing left to halve, GETBULK is given up for this agent."""
        if batch.repetitions > 1:
            self._profile.max_repetitions = batch.repetitions // 2
        elif single + len(batch.repeating) > 1:
            self._profile.max_varbinds = max(1, min(self._profile.max_varbinds, single + len(batch.repeating)) // 2)
        else:
            self.refuse()

    def give_up(self) -> None:
        """Ask by GETBULK no more during this visit."""
        self._usable = False
