"""SNMPv3 messages, written and read by pysnmp: message format, keys, digests, ciphers and time windows are all its own.

- One pysnmp engine serves all devices for as long as the collector runs. It is made with the first SNMPv3 message, not before: it
  costs some 10 MB and a tenth of a second, and most sites need none.
- pysnmp keeps a row for each user at each agent, and looks through all of them whenever one is added. Only the rows of the
  agents asked last are kept here, so neither memory nor time grows with the number of devices.
- Nothing is sent from here; `appliance.snmp.v3.user_exchange` does the asking.
"""

import secrets
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from appliance.snmp.templates import HIGHEST_REQUEST_ID, LOWEST_REQUEST_ID, Query
from appliance.snmp.v3.user_reply import Reply, UnknownUserError, UnreadableError
from appliance.snmp.v3.usm import SecurityLevel, User

if TYPE_CHECKING:
    from appliance.snmp.v3.usm_engine import UsmEngine

ROWS_KEPT: Final = 24
"""Users at agents that pysnmp knows at the same time: more than devices are read at once."""
ENGINES_KEPT: Final = 4096
LEAKS_BORNE: Final = 1000
"""Replies pysnmp could not process, after which it is started anew: it keeps a few bytes of each."""


class UserSecurity:
    """Writes and reads the SNMPv3 messages of one process."""

    def __init__(self) -> None:
        self._engine: UsmEngine | None = None
        self._rows: OrderedDict[tuple[bytes, str], User] = OrderedDict()
        self._engine_ids: OrderedDict[Any, bytes] = OrderedDict()
        self._next_id = LOWEST_REQUEST_ID + secrets.randbelow(HIGHEST_REQUEST_ID - LOWEST_REQUEST_ID)
        self._leaks = 0
        self._ticked_at = time.monotonic()

    def next_message_id(self) -> int:
        """Return the next msgID, which is the request-id too."""
        message_id = self._next_id
        self._next_id = message_id + 1 if message_id < HIGHEST_REQUEST_ID else LOWEST_REQUEST_ID
        return message_id

    def engine_id(self, place: Any) -> bytes | None:
        """Return the engine ID that was noted for an agent's socket address."""
        return self._engine_ids.get(place)

    def note_engine_id(self, place: Any, engine_id: bytes | None) -> None:
        """Note the engine ID of an agent, or forget it."""
        self._engine_ids.pop(place, None)
        if engine_id is not None:
            self._engine_ids[place] = engine_id
            if len(self._engine_ids) > ENGINES_KEPT:
                self._engine_ids.popitem(last=False)

    def discovery(self, message_id: int) -> bytes:
        """Return the message that asks an agent for its engine ID, boots and time (RFC 3414 section 4)."""
        return self._usm().discovery(message_id)

    def request(self, message_id: int, user: User, engine_id: bytes, query: Query, level: SecurityLevel | None = None) -> bytes:
        """Return a request of `user` to the agent with `engine_id`, protected as the user wants it or as `level` says."""
        usm = self._usm()
        self._register(usm, user, engine_id)
        return usm.request(message_id, user, engine_id, query, level or user.level)

    def read(self, data: bytes, user: User | None = None) -> Reply:
        """Return the reply in `data`; digests are checked, what is encrypted is decrypted. Raises UnreadableError.

        `user` is who asked, None for the reply to a discovery.
        """
        usm = self._usm()
        self._tick(usm)
        try:
            try:
                return usm.read(data)
            except UnknownUserError as error:
                if user is None:
                    raise
                self._register(usm, user, error.engine_id)
                return usm.read(data)
        except UnreadableError:
            self._leaks += 1
            if self._leaks > LEAKS_BORNE:
                self._engine, self._leaks = None, 0
                self._rows.clear()
            raise

    def _usm(self) -> "UsmEngine":
        if self._engine is None:
            from appliance.snmp.v3.usm_engine import UsmEngine  # noqa: PLC0415 - see the module's docstring

            self._engine = UsmEngine()
        return self._engine

    def _register(self, usm: "UsmEngine", user: User, engine_id: bytes) -> None:
        # pysnmp tells the users of an agent apart by their names alone, so two credentials with the same name take turns.
        row = (engine_id, user.name)
        if self._rows.get(row) != user:
            usm.add_user(user, engine_id)
            self._rows[row] = user
        self._rows.move_to_end(row)
        while len(self._rows) > ROWS_KEPT:
            (old_engine_id, name), _ = self._rows.popitem(last=False)
            usm.remove_user(name, old_engine_id)

    def _tick(self, usm: "UsmEngine") -> None:
        """Let pysnmp forget the clocks of agents it has not heard for five minutes; it counts in calls of one second each."""
        passed = int(time.monotonic() - self._ticked_at)
        self._ticked_at += passed
        usm.tick(passed)
