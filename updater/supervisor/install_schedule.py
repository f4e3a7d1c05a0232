"""When a version that is due is installed, and when it is tried again. Pure: no clock, no chance, no I/O. All times in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InstallSchedule:
    """The numbers of the schedule; `chance` is a random number from 0 to 1, so that many sites do not act in step."""

    between: float = 600.0
    """So often it is looked whether something is due."""
    jitter: float = 0.2
    start_within: float = 60.0
    """A version that has become due by itself is installed within this time: not all sites of a window at its first second."""
    first_retry: float = 600.0
    longest_retry: float = 6 * 3600.0
    factor: float = 2.0
    tidy_every: float = 86400.0

    def next_look(self, chance: float) -> float:
        """Return the time to the next look."""
        return self.between * (1 - self.jitter * chance)

    def before_install(self, chance: float) -> float:
        """Return how long an installation waits that nobody has asked for."""
        return self.start_within * chance

    def after_failure(self, failures: int, chance: float) -> float:
        """Return the time to the next attempt after so many failures in a row, at least one."""
        # The exponent is bounded, so the power cannot overflow.
        delay = min(self.first_retry * self.factor ** min(failures - 1, 30), self.longest_retry)
        return delay * (1 + self.jitter * chance)

    def next_tidying(self, chance: float) -> float:
        """Return the time to the next tidying."""
        return self.tidy_every * (1 - self.jitter * chance)
