"""Reading one long column row by row, in memory that does not grow with it: for tables that nobody wants to hold as a whole."""

from collections.abc import AsyncGenerator
from typing import Final

from appliance.snmp.exchange import Silence
from appliance.snmp.faults import NO_ERROR, NO_SUCH_NAME, TOO_BIG, error_name
from appliance.snmp.requester import Requester
from appliance.snmp.templates import Kind
from appliance.snmp.values import Oid, Tag, Value

Row = tuple[Oid, Value]
"""The index of a row, and the cell of the column in it."""
_LESS: Final = 4
"""By this fewer rows are asked for after silence."""


class ColumnStream:
    """How far a column has been read, by GETBULK, by GETNEXT where that does not work."""

    def __init__(self, requester: Requester, column: Oid, max_repetitions: int) -> None:
        self.trouble: str | None = None
        """Why the column was not read to its end, or None."""
        self._requester = requester
        self._column = column
        self._cursor = column
        self._repetitions = max_repetitions
        self._by_bulk = requester.version != "1"
        self._left = 0
        self._ended = False

    async def rows(self, most: int) -> AsyncGenerator[Row, None]:
        """Yield at most `most` rows in the order of their indexes. Raises Stop."""
        self._left = most
        while not self._ended:
            for row in await self._next():
                yield row

    async def _next(self) -> list[Row]:
        """Ask once; return the rows that came."""
        try:
            if self._by_bulk:
                response = await self._requester.ask(Kind.GET_BULK, [self._cursor], 0, self._repetitions)
            else:
                response = await self._requester.ask(Kind.GET_NEXT, [self._cursor])
        except Silence:
            if not self._by_bulk or not await self._requester.is_alive(self._column, was_get=False):
                raise
            self._ask_for_less()
            return []
        if response.error_status == TOO_BIG and self._by_bulk:
            self._ask_for_less()
            return []
        if response.error_status not in (NO_ERROR, NO_SUCH_NAME):
            self._end(error_name(response.error_status))
            return []
        if response.error_status == NO_SUCH_NAME:
            self._ended = True
            return []
        if not response.varbinds:
            self._end("the agent answers without an object")
        return [(oid[len(self._column) :], value) for oid, value in response.varbinds if self._take(oid, value)]

    def _take(self, oid: Oid, value: Value) -> bool:
        """Move on to `oid`. Return whether it is a row of the column."""
        if self._ended:
            return False
        if value.tag == Tag.END_OF_MIB_VIEW or oid[: len(self._column)] != self._column:
            self._ended = True
        elif oid <= self._cursor:
            self._end("the agent goes round in circles")
        elif not self._left:
            self._end("it has more rows")
        else:
            self._cursor = oid
            self._left -= 1
            return True
        return False

    def _ask_for_less(self) -> None:
        self._by_bulk = self._by_bulk and self._repetitions > 1 and self._requester.version != "1"
        self._repetitions = max(1, self._repetitions // _LESS)

    def _end(self, trouble: str) -> None:
        self._ended = True
        self.trouble = trouble
