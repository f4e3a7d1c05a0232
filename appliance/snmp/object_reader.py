"""Reading objects by their names: a request that fails is asked again in parts, or without the object that is to blame.

- tooBig and silence halve a request, and how much is asked from then on.
- Where an error names its object (RFC 3416 section 4.2.1), the rest is asked again. Where it does not, halving finds the object.
- SNMPv1's noSuchName fails a whole request as well; there GETNEXT spares most of that.
"""

from collections.abc import Sequence

from appliance.snmp.agent import AgentProfile
from appliance.snmp.ber import Response
from appliance.snmp.exchange import Silence
from appliance.snmp.faults import NO_ERROR, NO_SUCH_NAME, TOO_BIG, UNANSWERED, Faults
from appliance.snmp.requester import Requester
from appliance.snmp.tables.walk import Tables, predecessor
from appliance.snmp.templates import Kind
from appliance.snmp.values import Oid, Value, is_undecodable

Objects = dict[Oid, Value]


class ObjectReader:
    """Reads objects during one visit."""

    def __init__(self, requester: Requester, profile: AgentProfile, faults: Faults) -> None:
        self._requester = requester
        self._profile = profile
        self._faults = faults

    async def read(self, oids: Sequence[Oid], objects: Objects, later: list[Oid] | None = None) -> None:
        """Put those of `oids` that exist into `objects`. Raises Stop.

        What is left when an object at fault was found goes into `later`, if that is given: it may be asked for with something else.
        """
        # Nearly every read is one request, and its answer is in order: that goes the short way.
        waiting = [list(oids)] if 0 < len(oids) <= self._profile.max_varbinds else self._chunks(oids)
        while waiting:
            chunk = waiting.pop(0)
            try:
                response = await self._requester.ask(Kind.GET, chunk)
            except Silence:
                version = self._requester.version
                if not await self._requester.is_alive(chunk[0], was_get=True):
                    raise
                if version != self._requester.version:
                    waiting.insert(0, chunk)
                elif len(chunk) > 1:
                    waiting[0:0] = self._halves(chunk)
                else:
                    self._faults.note_unread(chunk, UNANSWERED)
                continue
            undecodable: list[Oid] = []
            if not response.error_status and _take_in_order(chunk, response.varbinds, objects, undecodable) and not undecodable:
                self._faults.note_read(chunk, objects)
                continue
            again = await self._take(chunk, response, objects)
            if later is not None and response.error_status not in (NO_ERROR, TOO_BIG, NO_SUCH_NAME):
                later += [oid for part in again for oid in part]
            else:
                waiting[0:0] = again

    async def read_scalars(self, scalars: list[Oid], tables: Tables, later: list[Oid] | None = None) -> None:
        """Put those of `scalars` that exist into the objects of `tables`; `later` is as in `read`. Raises Stop."""
        if self._requester.version != "1":
            await self.read(scalars, tables.objects, later)
            return
        # In SNMPv1 one missing object would fail the whole GET. GETNEXT has no such trouble but at the end of the MIB.
        uncertain: list[Oid] = []
        waiting = self._chunks(scalars)
        while waiting:
            chunk = waiting.pop(0)
            response = await self._requester.ask(Kind.GET_NEXT, [predecessor(oid) for oid in chunk])
            if response.error_status == NO_ERROR:
                uncertain += tables.take_scalars(chunk, response.varbinds)
            elif response.error_status == TOO_BIG and len(chunk) > 1:
                waiting[0:0] = self._halves(chunk)
            elif response.error_status == NO_SUCH_NAME and 1 <= response.error_index <= len(chunk):
                # Nothing follows this one: that is the end of the MIB, and what is beyond it does not exist either.
                tables.shown.note_end(predecessor(chunk[response.error_index - 1]))
                rest = [oid for oid in chunk if not tables.shown.lacks(oid)]
                waiting[0:0] = [rest] if rest else []
            else:
                uncertain += chunk
        await self.read(uncertain, tables.objects)

    async def read_again(self, oids: Sequence[Oid], objects: Objects) -> None:
        """Ask for each of `oids` alone, because its value could not be decoded among others. Raises Stop."""
        for oid in dict.fromkeys(oids):
            if self._faults.is_undecodable(oid) or not self._faults.may_repair():
                self._faults.note_undecodable(oid)
            else:
                await self.read([oid], objects)

    def _chunks(self, oids: Sequence[Oid]) -> list[list[Oid]]:
        most = self._profile.max_varbinds
        return [list(oids[start : start + most]) for start in range(0, len(oids), most)]

    def _halves(self, chunk: list[Oid]) -> list[list[Oid]]:
        """Return a request that was too large in two, and remember how much the agent can bear."""
        middle = (len(chunk) + 1) // 2
        self._profile.max_varbinds = max(1, min(self._profile.max_varbinds, middle))
        return [part for part in (chunk[:middle], chunk[middle:]) if part]

    async def _take(self, chunk: list[Oid], response: Response, objects: Objects) -> list[list[Oid]]:
        """Take the objects of a reply to a GET; return what has to be asked again."""
        status, index = response.error_status, response.error_index
        if status == NO_ERROR:
            return await self._take_objects(chunk, response, objects)
        if status == TOO_BIG and len(chunk) > 1:
            return self._halves(chunk)
        if not 1 <= index <= len(chunk) and len(chunk) > 1:
            middle = len(chunk) // 2
            return [chunk[:middle], chunk[middle:]] if status == NO_SUCH_NAME else await self._search(chunk, status, objects)
        at = index - 1 if 1 <= index <= len(chunk) else 0
        self._faults.note(chunk[at], status)
        return self._rest(chunk[:at] + chunk[at + 1 :], is_free=status == NO_SUCH_NAME)

    def _rest(self, oids: list[Oid], *, is_free: bool = False) -> list[list[Oid]]:
        """Return what is asked again, less the objects at fault: nothing more where too much was."""
        if oids and not is_free and not self._faults.may_repair():
            self._faults.note_unread(oids)
            return []
        return [oids] if oids else []

    async def _take_objects(self, chunk: list[Oid], response: Response, objects: Objects) -> list[list[Oid]]:
        again: list[Oid] = []
        missing: list[Oid] = []
        if not _take_in_order(chunk, response.varbinds, objects, again):
            asked = dict.fromkeys(chunk)
            for oid, value in response.varbinds:
                if oid in asked:
                    del asked[oid]
                    _take_in_order([oid], [(oid, value)], objects, again)
            missing = list(asked)
        self._faults.note_read(chunk, objects)
        if again and len(chunk) == 1:
            self._faults.note_undecodable(chunk[0])
        else:
            await self.read_again(again, objects)
        # An agent that leaves objects out is asked again for those, as long as it names some of what was asked.
        return [missing] if 0 < len(missing) < len(chunk) else []

    async def _search(self, chunk: list[Oid], status: int, objects: Objects) -> list[list[Oid]]:
        """Find the object for which `chunk` fails, by halving; return what has to be asked again."""
        suspects, unread = chunk, list[Oid]()
        while len(suspects) > 1 and self._faults.may_repair(spare=1 if unread else 0):
            middle = len(suspects) // 2
            half, others = suspects[:middle], suspects[middle:]
            response = await self._requester.ask(Kind.GET, half)
            status, index = response.error_status or status, response.error_index
            if response.error_status == NO_ERROR:
                unread += [oid for part in await self._take_objects(half, response, objects) for oid in part]
                suspects = others
            elif 1 <= index <= middle:
                suspects, unread = [half[index - 1]], unread + half[: index - 1] + half[index:] + others
            else:
                suspects, unread = half, unread + others
        if len(suspects) == 1:
            self._faults.note(suspects[0], status)
        else:
            self._faults.note_suspects(suspects)
        return self._rest(unread)


def _take_in_order(asked: Sequence[Oid], varbinds: Sequence[tuple[Oid, Value]], objects: Objects, undecodable: list[Oid]) -> bool:
    """Take what answers `asked` one by one, as nearly every reply does; return False where the reply is another one."""
    if len(varbinds) != len(asked):
        return False
    for wanted, (oid, value) in zip(asked, varbinds, strict=True):
        if oid != wanted:
            return False
        if value.content is not None:
            objects[oid] = value
        elif is_undecodable(value):
            undecodable.append(oid)
    return True
