"""What an SNMPv3 message that came in turned out to be: a response, a report, or nothing that can be read."""

from typing import NamedTuple

from appliance.snmp.ber import Response
from appliance.snmp.v3.usm import SecurityLevel
from appliance.snmp.values import Oid


class UnreadableError(Exception):
    """A reply that is no SNMPv3 message for the user who asked; the text says why. Never shown as it is."""


class UnknownUserError(UnreadableError):
    """A reply of an agent at which the user has not been made known; reports about a wrong engine ID come from such."""

    def __init__(self, engine_id: bytes) -> None:
        super().__init__("from another engine ID")
        self.engine_id = engine_id


class Reply(NamedTuple):
    """An SNMPv3 reply: either a response or a report (RFC 3412 section 7.1.3)."""

    engine_id: bytes
    level: SecurityLevel
    user_name: bytes
    report: Oid | None
    """The counter a report names, such as usmStatsNotInTimeWindows."""
    response: Response | None
