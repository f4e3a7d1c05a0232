"""When the repository is asked for new configuration. Pure: no clock, no chance, no I/O. All times in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckSchedule:
    """The numbers of the schedule; `chance` is a random number from 0 to 1, so that many sites do not act in step."""

    between: float = 86400.0
    """By itself a site asks once a day: check-ins tell it of anything new, and a repository that is kept from it is found so."""
    jitter: float = 0.2
    start_within: float = 600.0
    """When an appliance has started it asks within this time."""
    first_retry: float = 60.0
    longest_retry: float = 6 * 3600.0
    factor: float = 2.0

    def after_start(self, chance: float) -> float:
        """Return the time from the start to the first check."""
        return self.start_within * (0.05 + 0.95 * chance)

    def after_success(self, chance: float) -> float:
        """Return the time to the next check after one that went well."""
        return self.between * (1 - self.jitter * chance)

    def after_failure(self, failures: int, chance: float) -> float:
        """Return the time to the next check after so many failures in a row, at least one."""
        # The exponent is bounded, so the power cannot overflow.
        delay = min(self.first_retry * self.factor ** min(failures - 1, 30), self.longest_retry)
        return delay * (1 + self.jitter * chance)
