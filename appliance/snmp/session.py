"""One visit to one device: at most one request under way, retries, a hard budget of time, and repairs for weak agents.

- Tables are read by GETBULK, neighbouring columns as one. tooBig halves what is asked; silence quarters it, once, and then GETNEXT
  finds the rows and GET reads them. Before silence is held against the agent, a GET makes sure that it is still there.
- An agent that never answered SNMPv2c is asked once in SNMPv1.
- SNMPv1's noSuchName fails a whole request: the object it names is dropped and the rest asked again. tooBig splits a request.
- What has been read is kept whatever happens later: `partial` then says why the answer is not whole.
What was learned stands in `profile`, which the caller may keep and pass to the next visit.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from appliance.common.errors import CredentialError, NoAnswerError
from appliance.common.message import Message
from appliance.common.traffic import Traffic
from appliance.snmp.agent import Agent, AgentProfile, SnmpOptions, Version
from appliance.snmp.ber import Response
from appliance.snmp.bulk_plan import plan_bulk
from appliance.snmp.bulk_tolerance import BulkTolerance
from appliance.snmp.exchange import UNDECODABLE, Exchange, Patience, Refused, Silence, Stop
from appliance.snmp.templates import Kind, Query
from appliance.snmp.values import Objects, Oid, Value, format_oid
from appliance.snmp.walk import NO_OBJECT, ColumnWalk, ScalarAnswers, Scalars, Tables, count_rows, predecessor

NO_ERROR: Final = 0
TOO_BIG: Final = 1
NO_SUCH_NAME: Final = 2

ERROR_NAMES: Final = {
    1: "tooBig",
    2: "noSuchName",
    3: "badValue",
    4: "readOnly",
    5: "genErr",
    6: "noAccess",
    13: "resourceUnavailable",
} | {16: "authorizationError"}


class Session:
    """One visit to an agent. Make a new one for each visit: `SnmpOptions.budget` counts from the first request on."""

    def __init__(self, agent: Agent, *, options: SnmpOptions, exchange: Exchange, traffic: Traffic, profile: AgentProfile) -> None:
        """Sessions are made by `SnmpClient.session`."""
        self.agent = agent
        self.traffic = traffic
        self.profile = profile
        self.partial: str | None = None
        """Why the last answer is not whole, or None."""
        self._options = options
        self._exchange = exchange
        self._bulk = BulkTolerance(options, profile)
        self._one_at_a_time = asyncio.Lock()

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
        await self._one_at_a_time.acquire()
        try:
            self.partial = None
            objects: dict[Oid, Value] = {}
            try:
                await self._get(list(oids), objects)
            except Stop as stop:
                self._stopped(stop)
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
        pointers: Mapping[Oid, Oid] | None = None,
        max_rows: int = 256,
    ) -> Objects:
        """Return those of `scalars` that exist and all cells of `columns`, at most `max_rows` rows of each.

        A cell's OID is that of its column and the index of its row; the result is in the order of OIDs.
        `seldom` are scalars that most devices lack, and columns they have empty: that saves bytes and changes nothing else.
        `rows` are the indexes of the rows of tables (by the OID of the entry) where they are known: no others are looked for.
        `pointers` are scalars whose value is a row, by the column of which the cell in that row is wanted as well.
        Raises NoAnswerError when nothing at all answers, CredentialError when we are not let in.
        """
        async with self._one_at_a_time:
            self.partial = None
            tables = Tables(columns, seldom, max_rows, rows)
            try:
                await self._fetch(Scalars(scalars, pointers), tables)
            except Stop as stop:
                self._stopped(stop)
            for walk in tables.walks:
                if walk.trouble:
                    self._note(f"{format_oid(walk.column)}: {walk.trouble}")
            if rows is None:
                self.profile.rows.update(count_rows(tables.walks))
            return dict(sorted(tables.objects.items()))

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
        self._note("it stopped answering" if isinstance(stop, Silence) else str(stop))

    def _note(self, reason: str) -> None:
        if self.partial is None:
            self.partial = reason

    # GET

    async def _get(self, oids: list[Oid], objects: dict[Oid, Value]) -> None:
        most = self.profile.max_varbinds
        waiting = [oids] if 0 < len(oids) <= most else [oids[start : start + most] for start in range(0, len(oids), most)]
        while waiting:
            chunk = waiting.pop(0)
            try:
                response = await self._ask(Kind.GET, chunk)
            except Silence:
                version = self.version
                if not await self._is_alive(chunk[0], was_get=True):
                    raise
                if version != self.version:
                    waiting.insert(0, chunk)
                elif len(chunk) > 1:
                    waiting[0:0] = self._halves(chunk)
                else:
                    self._note(f"{format_oid(chunk[0])}: the agent does not answer when asked for it")
                continue
            waiting[0:0] = self._take_get(chunk, response, objects)

    def _take_get(self, chunk: list[Oid], response: Response, objects: dict[Oid, Value]) -> list[list[Oid]]:
        """Take the objects of a reply to a GET; return what has to be asked again."""
        if response.error_status == NO_ERROR:
            if _take_in_order(chunk, response.varbinds, objects):
                return []
            asked = dict.fromkeys(chunk)
            for oid, value in response.varbinds:
                if oid in asked:
                    del asked[oid]
                    if value.tag not in NO_OBJECT:
                        objects[oid] = value
            # An agent that leaves objects out is asked again for those, as long as it names some of what was asked.
            return [list(asked)] if 0 < len(asked) < len(chunk) else []
        if response.error_status == TOO_BIG and len(chunk) > 1:
            return self._halves(chunk)
        index = response.error_index
        if 1 <= index <= len(chunk):
            self._note_error(chunk[index - 1], response)
            rest = chunk[: index - 1] + chunk[index:]
            return [rest] if rest else []
        if len(chunk) == 1:
            self._note_error(chunk[0], response)
            return []
        middle = len(chunk) // 2
        return [chunk[:middle], chunk[middle:]]

    def _halves(self, chunk: list[Oid]) -> list[list[Oid]]:
        """Return a request that was too large in two, and remember how much the agent can bear."""
        middle = (len(chunk) + 1) // 2
        self.profile.max_varbinds = max(1, min(self.profile.max_varbinds, middle))
        return [part for part in (chunk[:middle], chunk[middle:]) if part]

    def _note_error(self, oid: Oid, response: Response) -> None:
        # noSuchName is how SNMPv1 says that an object does not exist: nothing is missing from the answer.
        if response.error_status != NO_SUCH_NAME:
            self._note(f"{format_oid(oid)}: {_error_name(response.error_status)}")

    # Tables

    async def _fetch(self, scalars: Scalars, tables: Tables) -> None:
        while scalars or tables.active:
            by_bulk = self._bulk.is_possible and self.version != "1"
            tables.begin_round(all_at_once=not by_bulk and self.version != "1")
            wanted = scalars.take(tables)
            fits = 3 * len(wanted) <= 2 * self.profile.max_varbinds
            cells = [] if by_bulk else tables.cells_left()
            if by_bulk and tables.active and fits and not (wanted and self._bulk.silences):
                self.profile.rows.update(_more_rows(self.profile.rows, tables.walks))
                scalars.put_back(await self._bulk_round(wanted, tables))
            elif wanted or cells:
                await self._read_scalars(wanted + cells, tables)
                tables.take_cells(cells)
            elif tables.active:
                await self._next_round(tables)
            tables.settle()

    async def _read_scalars(self, scalars: list[Oid], tables: Tables) -> None:
        if self.version != "1":
            await self._get(scalars, tables.objects)
            return
        # In SNMPv1 one missing object would fail the whole GET. GETNEXT has no such trouble but at the end of the MIB.
        answers = ScalarAnswers()
        most = self.profile.max_varbinds
        waiting = [scalars[start : start + most] for start in range(0, len(scalars), most)]
        while waiting:
            chunk = waiting.pop(0)
            response = await self._ask(Kind.GET_NEXT, [predecessor(oid) for oid in chunk])
            if response.error_status == NO_ERROR:
                answers.take(chunk, response.varbinds, tables.gaps)
            elif response.error_status == TOO_BIG and len(chunk) > 1:
                waiting[0:0] = self._halves(chunk)
            elif response.error_status == NO_SUCH_NAME and 1 <= response.error_index <= len(chunk):
                # Nothing follows this one: that is the end of the MIB, and what is beyond it does not exist either.
                tables.gaps.note_end(predecessor(chunk[response.error_index - 1]))
                rest = [oid for oid in chunk if not tables.gaps.hold(oid)]
                waiting[0:0] = [rest] if rest else []
            else:
                answers.uncertain.extend(chunk)
        tables.objects.update(answers.objects)
        await self._get(answers.uncertain, tables.objects)

    async def _bulk_round(self, scalars: list[Oid], tables: Tables) -> list[Oid]:
        """Do one GETBULK; return the scalars that still have to be asked for."""
        room = max(1, self.profile.max_varbinds - len(scalars))
        batch = plan_bulk(tables, self.profile.rows, self._bulk.most_repetitions, room)
        named = scalars + batch.cells
        single = [predecessor(oid) for oid in named] + [each.cursor for each in batch.singles]
        oids = single + [each.cursor for each in batch.repeating]
        try:
            patience = self._bulk.patience(len(scalars) + batch.size, self._exchange.round_trip)
            response = await self._ask(Kind.GET_BULK, oids, len(single), batch.repetitions, patience=patience)
        except Silence:
            # The scalars are due anyway, and tell as well whether the agent is still there.
            is_due = scalars and self.answered
            if not is_due and not await self._is_alive(scalars[0] if scalars else tables.active[0].column, was_get=False):
                raise
            if self.version != "1":
                self._bulk.was_silent(batch)
            return scalars
        self._bulk.was_answered(batch)
        if response.error_status == TOO_BIG:
            self._bulk.ask_for_less(len(single), batch)
            return scalars
        if response.error_status != NO_ERROR:
            # One object at fault fails them all. GETNEXT finds out which one it is.
            self._bulk.give_up()
            return scalars
        answers = ScalarAnswers()
        answers.take(named, response.varbinds, tables.gaps)
        tables.objects.update(answers.objects)
        tables.take_cells(batch.cells)
        cells = response.varbinds[len(named) :]
        if not cells:
            self._bulk.ask_for_less(len(single), batch)
        for each, (oid, value) in zip(batch.singles, cells, strict=False):
            tables.take(each, oid, value)
        for number, (oid, value) in enumerate(cells[len(batch.singles) :] if batch.repeating else ()):
            tables.take(batch.repeating[number % len(batch.repeating)], oid, value)
        if answers.uncertain:
            await self._get(answers.uncertain, tables.objects)
        return []

    async def _next_round(self, tables: Tables) -> None:
        """Look for one more row of each table."""
        batch = tables.scouts()[: self.profile.max_varbinds]
        try:
            response = await self._ask(Kind.GET_NEXT, [walk.cursor for walk in batch])
        except Silence:
            if len(batch) == 1 or not await self._is_alive(batch[0].column, was_get=False):
                raise
            self.profile.max_varbinds = len(batch) // 2
            return
        if response.error_status == NO_ERROR:
            for walk, (oid, value) in zip(batch, response.varbinds, strict=False):
                tables.take(walk, oid, value)
            if not response.varbinds:
                batch[0].end("the agent answers without an object")
            return
        self._next_failed(batch, response)

    def _next_failed(self, batch: list[ColumnWalk], response: Response) -> None:
        """End the column at fault, or ask for less when none is named."""
        index = response.error_index
        if response.error_status != TOO_BIG and (1 <= index <= len(batch) or len(batch) == 1):
            failed = batch[index - 1 if 1 <= index <= len(batch) else 0]
            if response.error_status == NO_SUCH_NAME:
                failed.ended = True
            else:
                failed.end(_error_name(response.error_status))
        elif len(batch) == 1:
            batch[0].end(_error_name(response.error_status))
        else:
            self.profile.max_varbinds = len(batch) // 2

    # One request

    async def _is_alive(self, oid: Oid, *, was_get: bool) -> bool:
        """Return whether the agent answers one small request; one that never answered anything may turn out to speak SNMPv1."""
        versions: list[Version] = []
        if not was_get or self.answered:
            versions.append(self.version)
        if self.version == "2c" and self.profile.version is None:
            versions.append("1")
        before = self.version
        for version in versions:
            self._exchange.version = version
            try:
                await self._ask(Kind.GET, [oid], patience=Patience(self._options.timeout))
            except Stop:
                continue
            return True
        self._exchange.version = before
        return False

    async def _ask(
        self, kind: Kind, oids: list[Oid], non_repeaters: int = 0, max_repetitions: int = 0, *, patience: Patience | None = None
    ) -> Response:
        query = Query(self._exchange.version, self.agent.community, kind, tuple(oids), non_repeaters, max_repetitions)
        response = await self._exchange.ask(query, patience)
        self.profile.version = self._exchange.version
        return response


def _take_in_order(asked: Sequence[Oid], varbinds: Sequence[tuple[Oid, Value]], objects: dict[Oid, Value]) -> bool:
    """Take what answers `asked` one by one, as nearly every reply does; return False where the reply is another one."""
    if len(varbinds) != len(asked):
        return False
    for wanted, (oid, value) in zip(asked, varbinds, strict=True):
        if oid != wanted:
            return False
        if value.tag not in NO_OBJECT:
            objects[oid] = value
    return True


def _error_name(status: int) -> str:
    if status == UNDECODABLE:
        return "its answer is not valid SNMP"
    return f"the agent answers {ERROR_NAMES.get(status, f'error {status}')}"


def _more_rows(known: dict[Oid, int], walks: list[ColumnWalk]) -> dict[Oid, int]:
    """Return what this visit shows about tables nothing was known of."""
    return {table: rows for table, rows in count_rows(walks).items() if table not in known}
