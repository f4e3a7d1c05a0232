"""Objects that an agent refuses, or answers with what nobody can decode: what they cost a visit, and what is remembered. Pure.

A request that fails for one object is made again without it. That is done a few times a visit; objects that were not read then are
at fault as well. In the next visits what is remembered is asked for apart from the rest, so that it fails nothing else.
"""

from collections.abc import Collection, Container, Iterable
from typing import Final

from appliance.snmp.agent import AgentProfile
from appliance.snmp.replies import UNDECODABLE
from appliance.snmp.values import Oid

NO_ERROR: Final = 0
TOO_BIG: Final = 1
NO_SUCH_NAME: Final = 2
GEN_ERR: Final = 5
NO_ACCESS: Final = 6
AUTHORIZATION_ERROR: Final = 16

ERROR_NAMES: Final = {
    TOO_BIG: "tooBig",
    NO_SUCH_NAME: "noSuchName",
    3: "badValue",
    4: "readOnly",
    GEN_ERR: "genErr",
    NO_ACCESS: "noAccess",
    13: "resourceUnavailable",
    AUTHORIZATION_ERROR: "authorizationError",
}
REPAIRS: Final = 6
"""Requests a visit may cost more for the sake of objects at fault."""
FEW_SUSPECTS: Final = 4
NOT_VALID: Final = "its answer is not valid SNMP"
UNANSWERED: Final = "the agent does not answer when asked for it"
NOT_ASKED_AGAIN: Final = "it was not asked for again, because the agent refuses too much"

_REFUSALS: Final = frozenset({GEN_ERR, NO_ACCESS, AUTHORIZATION_ERROR})


def error_name(status: int) -> str:
    """Return what an error status (RFC 3416 section 3) means, in words that follow the name of an object."""
    if status == UNDECODABLE:
        return NOT_VALID
    return f"the agent answers {ERROR_NAMES.get(status, f'error {status}')}"


class Faults:
    """The objects at fault of one visit."""

    def __init__(self, profile: AgentProfile) -> None:
        self.found: dict[Oid, str] = {}
        """Scalars, cells, and columns that were not read to their end, each with the reason."""
        self._profile = profile
        self._repairs = REPAIRS
        self._refused: set[Oid] = set()

    def may_repair(self, spare: int = 0) -> bool:
        """Return whether one more request may be made for the sake of objects at fault, and count it; keep `spare` for later."""
        if self._repairs <= spare:
            return False
        self._repairs -= 1
        return True

    def note(self, oid: Oid, status: int) -> None:
        """Take note that the agent answers with an error status when asked for `oid`. noSuchName means that it does not exist."""
        if status != NO_SUCH_NAME:
            self.found[oid] = error_name(status)
            self._profile.faults.add(oid)
            if status in _REFUSALS:
                self._refused.add(oid)

    def note_undecodable(self, oid: Oid) -> None:
        """Take note that the value of `oid` cannot be decoded."""
        self.found[oid] = NOT_VALID
        self._profile.undecodable.add(oid)

    def note_unread(self, oids: Iterable[Oid], reason: str = NOT_ASKED_AGAIN) -> None:
        """Take note that these were not read, which may be no fault of theirs."""
        self.found.update(dict.fromkeys(oids, reason))

    def note_suspects(self, oids: Collection[Oid]) -> None:
        """Take note that one of these is at fault. Where they are few, the next visit finds out which: they are asked for apart."""
        self.note_unread(oids)
        if len(oids) <= FEW_SUSPECTS:
            self._profile.faults.update(oids)

    def note_read(self, oids: Iterable[Oid], objects: Container[Oid]) -> None:
        """Take note that those of `oids` that are among `objects` were read."""
        if self._profile.faults or self._profile.undecodable:
            read = {oid for oid in oids if oid in objects}
            self._profile.faults -= read
            self._profile.undecodable -= read

    def is_undecodable(self, oid: Oid) -> bool:
        """Return whether the value of `oid` could not be decoded before either."""
        return oid in self._profile.undecodable

    def apart(self, oids: Iterable[Oid]) -> list[Oid]:
        """Return those of `oids` for which requests have failed, so that they are to be asked for apart."""
        return [oid for oid in oids if oid in self._profile.faults] if self._profile.faults else []

    def cells_of(self, column: Oid) -> list[Oid]:
        """Return the cells of `column` that are to be asked for apart."""
        return [oid for oid in self._profile.faults if oid[: len(column)] == column]

    def cover(self, oids: Iterable[Oid]) -> bool:
        """Return whether the agent refuses all of `oids`, as far as it was asked for them."""
        return bool(self._refused) and all(self.found.get(oid) == NOT_ASKED_AGAIN or oid in self._refused for oid in oids)
