"""The silent pass: asking over SNMP what answers no ping, for an answer to a ping is a hint, never a condition."""

from appliance.discovery.icmp import ping_bytes
from appliance.discovery.sweep.contact import Contact
from appliance.discovery.sweep.estimate import PINGS, PROBES_WITHOUT_PING
from appliance.discovery.sweep.progress import SweepProgress


class SilentPass:
    """Whether a sweep has a silent pass, and what it is to the addresses that are asked in it."""

    def __init__(self, progress: SweepProgress, *, thorough: bool, ping_answered: bool) -> None:
        """A `thorough` sweep has one in any case; `ping_answered` says that one was before this sweep was cut off."""
        self._progress = progress
        self._thorough = thorough
        self.ping_answered = ping_answered
        """Whether pings get through at all."""

    @property
    def is_expected(self) -> bool:
        """Return whether silent addresses are asked over SNMP too: also when pings evidently get nowhere."""
        return self._thorough or not self.ping_answered

    @property
    def is_due(self) -> bool:
        """Return whether it begins when all addresses were pinged."""
        return self._progress.pinged and not self._progress.silent_pass and self.is_expected

    def rounds(self, contact: Contact) -> int:
        """Return how often each credential is tried on a silent address: once after pings, else with one repetition."""
        return 1 if contact.silent else PROBES_WITHOUT_PING

    def count_blank(self, contact: Contact) -> None:
        """Count an address that has answered nothing; in the silent pass it was counted before, and maybe wrongly."""
        blank, silent_again = self._progress.blank, contact.silent and not self._progress.resumed
        if not contact.silent and not contact.alive:
            blank.add(contact.bytes_sent)
        elif silent_again and contact.alive:
            blank.add(-PINGS * ping_bytes(contact.address), -1)
        elif silent_again:
            blank.add(contact.bytes_sent, 0)
