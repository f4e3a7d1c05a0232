"""One visit to one device: at most one request under way, retries, a hard budget of time, and repairs for weak agents.

- Tables are read by GETBULK, neighbouring columns as one. tooBig halves what is asked; silence quarters it, once, and then GETNEXT
  finds the rows and GET reads them. Before silence is held against the agent, a GET makes sure that it is still there.
- An agent that never answered SNMPv2c is asked once in SNMPv1.
- An object for which a request fails is found, and the rest read without it (`object_reader`, `columns_apart`, `faults`).
- What has been read is kept whatever happens later: `partial` then says why the answer is not whole.
What was learned stands in `profile`, which the caller may keep and pass to the next visit.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Final

from appliance.common.errors import CredentialError, NoAnswerError
from appliance.common.message import Message
from appliance.common.network.traffic import Traffic
from appliance.snmp.agent import Agent, AgentProfile, SnmpOptions, Version
from appliance.snmp.ber import Response
from appliance.snmp.exchange import Exchange, Refused, Silence, Stop
from appliance.snmp.faults import NO_ERROR, NO_SUCH_NAME, NOT_ASKED_AGAIN, TOO_BIG, Faults, error_name
from appliance.snmp.follow_up import Following
from appliance.snmp.object_reader import ObjectReader
from appliance.snmp.requester import Requester
from appliance.snmp.tables.bulk_plan import Batch, plan_bulk, plan_next
from appliance.snmp.tables.bulk_tolerance import BulkTolerance
from appliance.snmp.tables.column_stream import ColumnStream, Row
from appliance.snmp.tables.columns_apart import ColumnsApart
from appliance.snmp.tables.shown import Shown
from appliance.snmp.tables.walk import ColumnWalk, Scalars, Tables, count_rows, predecessor
from appliance.snmp.templates import Kind
from appliance.snmp.values import Objects, Oid, Value, format_oid

_V1_BYTES: Final = 440
"""Bytes of objects in an answer that every agent can give (RFC 1157 section 4), for in SNMPv1 one that is too big tells nothing."""
_SCALAR_BYTES: Final = 36
_CELL_BYTES: Final = 24
"""About so many take a scalar, among which texts are, and a cell."""


class Session:
    """One visit to an agent. Make a new one for each visit: `SnmpOptions.budget` counts from the first request on."""

    def __init__(self, agent: Agent, *, options: SnmpOptions, exchange: Exchange, traffic: Traffic, profile: AgentProfile) -> None:
        """Sessions are made by `SnmpClient.session`."""
        self.agent = agent
        self.traffic = traffic
        self.profile = profile
        self.was_heard = False
        """Whether the device has answered something just before this visit."""
        self.partial: str | None = None
        """Why the last answer is not whole, or None."""
        self.stopped = False
        """Whether the device could not be asked any further."""
        self._options = options
        self._exchange = exchange
        self._faults = Faults(profile)
        self._requester = Requester(agent, options, exchange, profile)
        self._reader = ObjectReader(self._requester, profile, self._faults)
        self._named_fail = False
        """Whether a GETBULK has failed in which objects were asked for by name."""
        self._has_read = False
        self._shown = Shown()
        self._rows: dict[Oid, list[Oid]] = {}
        """The rows of tables that this visit has seen to their ends."""
        self._bulk = BulkTolerance(options, profile)
        self._one_at_a_time = asyncio.Lock()

    @property
    def faults(self) -> Mapping[Oid, str]:
        """Return what could not be read during this visit, each with the reason: scalars, cells, columns not read to their end."""
        return self._faults.found

    @property
    def version(self) -> Version:
        """Return the SNMP version in use: that of the agent, or "1" where it answers nothing else."""
        return self._exchange.version

    @property
    def answered(self) -> bool:
        """Whether the device has answered anything during this visit."""
        return self._exchange.answered

    @property
    def refused(self) -> bool:
        """Whether the device itself said that nothing listens on its port."""
        return self._exchange.refused

    async def get(self, oids: Sequence[Oid]) -> Objects:
        """Return those of `oids` that exist.

        Raises NoAnswerError when nothing at all answers, CredentialError when we are not let in.
        """
        # Taken by hand: most visits are this one GET, and a context manager costs two coroutines more.
        await self._one_at_a_time.acquire()
        try:
            self.partial = None
            objects: dict[Oid, Value] = {}
            apart = self._faults.apart(oids) if self.profile.faults else ()
            try:
                await self._reader.read([oid for oid in oids if oid not in apart] if apart else oids, objects)
                if apart:
                    await self._reader.read(apart, objects)
            except Stop as stop:
                self._stopped(stop)
            self._judge(oids, objects)
            return objects
        finally:
            self._one_at_a_time.release()

    async def fetch(
        self,
        scalars: Sequence[Oid],
        columns: Sequence[Oid],
        *,
        seldom: Collection[Oid] = (),
        rows: Mapping[Oid, Sequence[Oid]] | None = None,
        following: Following | None = None,
        max_rows: int = 256,
    ) -> Objects:
        """Return those of `scalars` that exist and all cells of `columns`, at most `max_rows` rows of each.

        A cell's OID is that of its column and the index of its row; the result is in the order of OIDs.
        `seldom` are scalars that most devices lack, and columns they have empty: that saves bytes and changes nothing else.
        `rows` are the indexes of the rows of tables (by the OID of the entry) where they are known: no others are looked for.
        `following` tells from what has been read what else is to be asked, scalars and columns.
        Raises NoAnswerError when nothing at all answers, CredentialError when we are not let in.
        """
        async with self._one_at_a_time:
            self.partial = None
            tables = Tables(seldom, max_rows=max_rows, rows=self._rows | dict(rows or {}), shown=self._shown)
            wanted = _Wanted(self._faults, tables, self.profile.rows, following)
            wanted.add(scalars, columns)
            try:
                await self._fetch(wanted, tables)
                await self._reader.read_again(tables.undecodable, tables.objects)
                if rows is None:
                    await self._reader.read(wanted.apart, tables.objects)
            except Stop as stop:
                self._stopped(stop)
                self._faults.note_unread((walk.column for walk in tables.active), str(self.partial))
            for walk in tables.walks:
                if walk.trouble:
                    self._faults.note_unread([walk.column], walk.trouble)
            self._judge(scalars, tables.objects)
            self._rows = tables.known_rows()
            if rows is None:
                self.profile.rows.update(count_rows(tables.walks))
            return dict(sorted(tables.objects.items()))

    async def stream(self, column: Oid, *, most_rows: int) -> AsyncGenerator[Row, None]:
        """Yield the rows of one column, at most `most_rows`, and keep none of them; `partial` says at the end what is missing.

        Raises NoAnswerError when nothing at all answers, CredentialError when we are not let in.
        """
        async with self._one_at_a_time:
            self.partial = None
            stream = ColumnStream(self._requester, column, self._options.max_repetitions)
            try:
                async with aclosing(stream.rows(most_rows)) as rows:
                    async for row in rows:
                        yield row
            except Stop as stop:
                self._stopped(stop)
            if stream.trouble:
                self._note(stream.trouble)

    def _stopped(self, stop: Stop) -> None:
        if not self.answered and isinstance(stop, Refused):
            raise CredentialError(
                Message(
                    "%(address)s answers SNMP on UDP port %(port)s, but %(stop)s.",
                    address=self.agent.address,
                    port=self.agent.port,
                    stop=stop,
                )
            ) from None
        if not self.answered:
            raise NoAnswerError(
                Message(
                    "%(address)s did not answer SNMP on UDP port %(port)s: %(stop)s. Check that the device is on, "
                    "that SNMP is enabled on it, and that the credentials fit.",
                    address=self.agent.address,
                    port=self.agent.port,
                    stop=stop,
                )
            ) from None
        self.stopped = True
        self._note("it stopped answering" if isinstance(stop, Silence) else str(stop))

    def _judge(self, asked: Sequence[Oid], objects: Objects) -> None:
        """Say what is missing of the answer. Raises CredentialError where the agent refuses all it is asked."""
        self._has_read = self._has_read or bool(objects)
        if not self._faults.found:
            return
        if not self._has_read and asked and self._faults.cover(asked):
            raise CredentialError(
                Message(
                    "%(address)s answers SNMP on UDP port %(port)s, but shows nothing (%(reason)s). Check on the device what this "
                    "community or user may read, and the credentials in snmp.credentials.",
                    address=self.agent.address,
                    port=self.agent.port,
                    reason=self.faults[asked[0]],
                )
            )
        for oid, reason in self._faults.found.items():
            self._note(f"{format_oid(oid)}: {reason}")

    def _note(self, reason: str) -> None:
        if self.partial is None:
            self.partial = reason

    # Tables

    async def _fetch(self, questions: "_Wanted", tables: Tables) -> None:
        scalars = questions.scalars
        tables.settle()
        while scalars or tables.active:
            by_bulk = self._bulk.is_possible and self.version != "1"
            tables.begin_round(self.profile.rows)
            if by_bulk and not tables.walkable and (alone := tables.columns_without_rows()):
                # GETNEXT takes longer, and touches no object but those it reads.
                self._bulk.give_up()
                tables.apart.walk(alone)
                by_bulk = False
            wanted = scalars.take(tables)
            fits = 3 * len(wanted) <= 2 * self.profile.max_varbinds and not (wanted and self._named_fail)
            if by_bulk and wanted and self._bulk.silences:
                # They tell as well whether the agent is still there.
                by_bulk = False
            if tables.walkable and fits:
                self.profile.rows.update(_more_rows(self.profile.rows, tables.walks))
                round_of = self._bulk_round if by_bulk else self._next_round
                scalars.put_back(await round_of(wanted, tables))
                if not by_bulk:
                    self._bulk.was_alive()
            else:
                later: list[Oid] = []
                cells = [] if tables.walkable else tables.cells_apart()
                await self._reader.read_scalars(wanted + cells, tables, later if by_bulk and tables.walkable else None)
                tables.take_cells(cells)
                scalars.put_back(later)
                self._named_fail = self._named_fail and not later
            tables.settle()
            questions.look()

    async def _bulk_round(self, scalars: list[Oid], tables: Tables) -> list[Oid]:
        """Do one GETBULK; return the scalars that still have to be asked for."""
        room = self._bulk.room(max(1, self.profile.max_varbinds - len(scalars)))
        batch = plan_bulk(tables, self.profile.rows, self._bulk.most_repetitions, room)
        single = [*map(predecessor, scalars), *batch.singles]
        oids = [*single, *batch.repeating]
        ask = self._requester
        try:
            patience = self._bulk.patience(len(scalars) + batch.size, self._exchange.round_trip)
            response = await ask.ask(Kind.GET_BULK, oids, len(single), batch.repetitions, patience=patience)
        except Silence:
            # What is asked next tells as well whether the agent is still there.
            is_due = self.answered if self._bulk.silences else scalars and (self.answered or self.was_heard)
            if not is_due and not await ask.is_alive(scalars[0] if scalars else tables.active[0].column, was_get=False):
                raise
            if self.version != "1":
                self._bulk.was_silent(batch)
            return scalars
        self._bulk.was_answered(batch)
        if response.error_status == TOO_BIG:
            self._bulk.ask_for_less(len(single), batch)
            return scalars
        if response.error_status != NO_ERROR:
            await self._bulk_failed(scalars, batch, response, tables)
            return scalars
        self._bulk.is_right = True
        uncertain = tables.take_scalars(scalars, response.varbinds)
        cells = response.varbinds[len(scalars) :]
        if not cells:
            self._bulk.ask_for_less(len(single), batch)
        for asked, varbind in zip(batch.singles, cells, strict=False):
            tables.take(asked, [varbind])
        for number, asked in enumerate(batch.repeating):
            tables.take(asked, cells[len(batch.singles) + number :: len(batch.repeating)])
        await self._reader.read(uncertain, tables.objects)
        return []

    async def _bulk_failed(self, scalars: list[Oid], batch: Batch, response: Response, tables: Tables) -> None:
        """Ask for what has a name by GET, which tells what of it is at fault; of columns find the one that is."""
        reason = error_name(response.error_status)
        if scalars:
            self._faults.may_repair()
            self._named_fail = True
            return
        if not self._bulk.is_right and not await self._takes_bulk(next(iter(tables.objects), batch.columns[0][0])):
            self._bulk.refuse()
            return
        index = response.error_index
        blamed = list(dict.fromkeys(column for part in batch.columns[index - 1 : index] or batch.columns for column in part))
        if self._faults.may_repair():
            tables.apart.suspect(blamed, reason)
        else:
            self._bulk.give_up()
            tables.apart = ColumnsApart()

    async def _takes_bulk(self, oid: Oid) -> bool:
        """Return whether the agent answers a GETBULK for no more than `oid`: else that itself is at fault, and no object."""
        self._faults.may_repair()
        response = await self._requester.ask(Kind.GET_BULK, [predecessor(oid)], 0, 1)
        self._bulk.is_right = response.error_status == NO_ERROR
        return self._bulk.is_right

    async def _next_round(self, scalars: list[Oid], tables: Tables) -> list[Oid]:
        """Do one GETNEXT; return the scalars that still have to be asked for."""
        room = self.profile.max_varbinds - len(scalars)
        if self.version == "1":
            room = min(room, (_V1_BYTES - len(scalars) * _SCALAR_BYTES) // _CELL_BYTES)
        batch = plan_next(tables, self.profile.rows, max(room, 0 if scalars else 1))
        oids = [*map(predecessor, scalars), *(begin for begin, _ in batch)]
        try:
            response = await self._requester.ask(Kind.GET_NEXT, oids)
        except Silence:
            if len(oids) == 1 or not await self._requester.is_alive(oids[0], was_get=False):
                raise
            self.profile.max_varbinds = len(oids) // 2
            return scalars
        if response.error_status != NO_ERROR:
            self._next_failed(scalars, batch, response, tables)
            return scalars
        uncertain = tables.take_scalars(scalars, response.varbinds)
        for (begin, _), varbind in zip(batch, response.varbinds[len(scalars) :], strict=False):
            tables.take(begin, [varbind])
        if not response.varbinds:
            tables.stop([column for _, column in batch][:1], "the agent answers without an object")
        await self._reader.read(uncertain, tables.objects)
        return []

    def _next_failed(self, scalars: list[Oid], batch: list[tuple[Oid, Oid]], response: Response, tables: Tables) -> None:
        """Have the column at fault read by the names of its cells, or ask for less when none is named."""
        status, index = response.error_status, response.error_index
        if scalars:
            self._named_fail = True
            return
        failed = batch[index - 1 : index] if index else batch
        if status == NO_SUCH_NAME and len(failed) == 1:
            tables.shown.note_end(failed[0][0])
        elif status in (TOO_BIG, NO_SUCH_NAME) and len(batch) > 1:
            self.profile.max_varbinds = len(batch) // 2
        elif tables.objects:
            tables.apart.suspect(list(dict.fromkeys(column for _, column in failed or batch)), error_name(status))
        else:
            tables.stop([column for _, column in batch], error_name(status))


class _Wanted:
    """What a fetch is to bring; more where that is to be told from what was read."""

    def __init__(self, faults: Faults, tables: Tables, rows: dict[Oid, int], following: Following | None) -> None:
        self.scalars = Scalars()
        self.apart: list[Oid] = []
        """Objects for which requests have failed: they are asked for at the end."""
        self._faults = faults
        self._tables = tables
        self._rows = rows
        self._following = following

    def add(self, scalars: Sequence[Oid], columns: Sequence[Oid]) -> None:
        """Have these asked for as well."""
        cells = {column: self._faults.cells_of(column) for column in columns}
        apart = [oid for oids in (self._faults.apart(scalars), *cells.values()) for oid in oids]
        self.apart += apart
        self.scalars.put_back([oid for oid in dict.fromkeys(scalars) if oid not in apart])
        self._tables.add(columns, apart)
        self._tables.apart.read_by_name([column for column, oids in cells.items() if oids], NOT_ASKED_AGAIN)

    def look(self) -> None:
        """Add what is to be asked for by what has been read."""
        if self._following:
            more = self._following(self._tables.objects)
            self._rows.update({table: rows for table, rows in more.rows.items() if table not in self._rows})
            if more.scalars or more.columns:
                self.add(more.scalars, more.columns)


def _more_rows(known: dict[Oid, int], walks: list[ColumnWalk]) -> dict[Oid, int]:
    """Return what this visit shows about tables nothing was known of."""
    return {table: rows for table, rows in count_rows(walks).items() if table not in known}
