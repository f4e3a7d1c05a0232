"""An SNMPv1 and SNMPv2c agent without I/O: a request goes in as bytes, the reply comes out as bytes, or None for silence.

The rules are those of RFC 1157 section 4.1 (v1) and RFC 3416 section 4.2 (v2c):

- a wrong community, a version the agent does not speak, and bytes that are no request get no reply;
- v1 knows no Counter64: such objects do not exist for it (RFC 3584 section 4.2.2.1);
- a reply larger than the agent can send is `tooBig`; a GETBULK is cut off instead;
- nothing can be set: there is no code that changes an object on request.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from simulator.ber import (
    BerError,
    Oid,
    Request,
    Tag,
    Value,
    decode_oid,
    encode_length,
    encode_oid,
    encode_value,
    encode_varbind,
    format_oid,
    parse_request,
    tlv,
)

ETHERNET_PAYLOAD = 1472
"""Bytes of UDP payload that fit an Ethernet frame: what most printers send at most."""

LIVE = Callable[[float], Value]
"""An object whose value depends on the seconds since the agent started."""

VERSION_1 = 0
VERSION_2C = 1
TOO_BIG = 1
NO_SUCH_NAME = 2
NO_ACCESS = 6
NO_ERROR = b"\x02\x01\x00\x02\x01\x00"
END = b"\x82\x00"


LIVE_SECONDS = 0.1
"""A live object is looked at again after this time: no printer counts faster, and most are slower."""


# The printers of a large fleet have most objects in common: equal ones are kept once.
@lru_cache(maxsize=1 << 16)
def _name(oid: Oid) -> tuple[Oid, bytes]:
    return oid, encode_oid(oid)


@lru_cache(maxsize=1 << 16)
def _varbind(name: bytes, value: Value) -> bytes:
    return encode_varbind(name, encode_value(value))


@dataclass(slots=True)
class LiveVarbind:
    """The VarBind of a live object, as it was a moment ago."""

    name: bytes
    read: LIVE
    octets: bytes = b""
    until: float = -1.0

    def at(self, now: float) -> bytes:
        """Return the encoded VarBind."""
        if now >= self.until:
            self.octets = encode_varbind(self.name, encode_value(self.read(now)))
            self.until = now + LIVE_SECONDS
        return self.octets


class View:
    """The objects of an agent in lexicographic order, each VarBind encoded once."""

    def __init__(self, objects: Mapping[Oid, Value | LIVE]) -> None:
        names = sorted(map(_name, objects))
        self.oids = [oid for oid, _ in names]
        self.position = {name: position for position, (_, name) in enumerate(names)}
        self.entries: list[bytes | LiveVarbind] = []
        for oid, name in names:
            value = objects[oid]
            self.entries.append(_varbind(name, value) if isinstance(value, Value) else LiveVarbind(name, value))

    def __len__(self) -> int:
        return len(self.oids)

    def varbind(self, position: int, now: float) -> bytes:
        """Return the encoded VarBind at `position`, `now` seconds after the start."""
        entry = self.entries[position]
        return entry if isinstance(entry, bytes) else entry.at(now)

    def after(self, name: bytes) -> int:
        """Return the position of the first object behind the OID `name`, len(view) when there is none. Raises BerError."""
        position = self.position.get(name)
        return position + 1 if position is not None else bisect_right(self.oids, decode_oid(name))

    def missing(self, name: bytes) -> bytes:
        """Return noSuchInstance where the view has other instances beside `name`, else noSuchObject. Raises BerError.

        An agent knows its objects; a recording only shows their instances, so one under the same parent stands for the object.
        """
        oid = decode_oid(name)
        at = bisect_right(self.oids, oid[:-1])
        sibling = at < len(self.oids) and self.oids[at][: len(oid) - 1] == oid[:-1]
        return encode_varbind(name, bytes((Tag.NO_SUCH_INSTANCE if sibling else Tag.NO_SUCH_OBJECT, 0)))


@dataclass(slots=True)
class Statistics:
    """What an agent was asked: requests by PDU name, bytes of UDP payload, and, where wanted, each OID."""

    requests: Counter[str] = field(default_factory=Counter)
    bytes_in: int = 0
    bytes_out: int = 0
    asked: set[bytes] | None = None

    def asked_oids(self) -> list[str]:
        """Return the OIDs asked for, in order."""
        return [format_oid(oid) for oid in sorted(decode_oid(name) for name in self.asked or ())]


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an agent can do and where it is limited."""

    versions: frozenset[int] = frozenset({VERSION_1, VERSION_2C})
    getbulk: bool = True
    max_reply: int = ETHERNET_PAYLOAD


class Agent:
    """One SNMP agent."""

    def __init__(
        self,
        objects: Mapping[Oid, Value | LIVE],
        *,
        community: str = "public",
        abilities: Abilities = Abilities(),
    ) -> None:
        self._community = community.encode()
        self._abilities = abilities
        self._view = View(objects)
        without = {oid: value for oid, value in objects.items() if not (isinstance(value, Value) and value.tag == Tag.COUNTER64)}
        self._view_1 = self._view if len(without) == len(objects) else View(without)
        self.statistics = Statistics()

    @property
    def oids(self) -> list[Oid]:
        """The objects it has, in order."""
        return self._view.oids

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        """Return the reply to `datagram`, `now` seconds after the start, or None for silence."""
        statistics = self.statistics
        statistics.bytes_in += len(datagram)
        try:
            request = parse_request(datagram)
            if request.community != self._community or request.version not in self._abilities.versions:
                statistics.requests["refused"] += 1
                return None
            reply = self._reply(request, now)
        except (BerError, IndexError):
            statistics.requests["malformed"] += 1
            return None
        if reply is not None:
            statistics.bytes_out += len(reply)
        return reply

    def _reply(self, request: Request, now: float) -> bytes | None:
        pdu = request.pdu
        if self.statistics.asked is not None:
            self.statistics.asked.update(request.oids)
        if pdu == Tag.GET:
            self.statistics.requests["get"] += 1
            return self._get(request, now)
        if pdu == Tag.GET_NEXT:
            self.statistics.requests["get_next"] += 1
            return self._get_next(request, now)
        if pdu == Tag.GET_BULK and request.version == VERSION_2C:
            self.statistics.requests["get_bulk"] += 1
            return self._get_bulk(request, now) if self._abilities.getbulk else None
        if pdu == Tag.SET:
            self.statistics.requests["set"] += 1
            return _failure(request, NO_SUCH_NAME if request.version == VERSION_1 else NO_ACCESS, 1)
        self.statistics.requests["unsupported"] += 1
        return None

    def _get(self, request: Request, now: float) -> bytes:
        old = request.version == VERSION_1
        view = self._view_1 if old else self._view
        position, entries = view.position, view.entries
        varbinds = []
        for name in request.oids:
            found = position.get(name)
            if found is not None:
                entry = entries[found]
                varbinds.append(entry if isinstance(entry, bytes) else entry.at(now))
            elif old:
                return _failure(request, NO_SUCH_NAME, len(varbinds) + 1)
            else:
                varbinds.append(view.missing(name))
        return self._sized(request, varbinds)

    def _get_next(self, request: Request, now: float) -> bytes:
        old = request.version == VERSION_1
        view = self._view_1 if old else self._view
        varbinds = []
        for name in request.oids:
            found = view.after(name)
            if found < len(view):
                varbinds.append(view.varbind(found, now))
            elif old:
                return _failure(request, NO_SUCH_NAME, len(varbinds) + 1)
            else:
                varbinds.append(encode_varbind(name, END))
        return self._sized(request, varbinds)

    def _get_bulk(self, request: Request, now: float) -> bytes:
        """Answer as many VarBinds as fit, in the order of RFC 3416 section 4.2.3."""
        room = self._abilities.max_reply - len(_message(request, 0, 0, b"")) - 9  # three lengths may take three more bytes each
        varbinds = []
        for varbind in self._bulk(request, now):
            room -= len(varbind)
            if room < 0:
                break
            varbinds.append(varbind)
        return _message(request, 0, 0, b"".join(varbinds))

    def _bulk(self, request: Request, now: float) -> Iterator[bytes]:
        view = self._view
        once = min(max(request.first, 0), len(request.oids))
        for name in request.oids[:once]:
            found = view.after(name)
            yield view.varbind(found, now) if found < len(view) else encode_varbind(name, END)
        names = request.oids[once:]
        positions = [view.after(name) for name in names]
        for row in range(max(request.second, 0)):
            alive = False
            for column, start in enumerate(positions):
                if start + row < len(view):
                    alive = True
                    yield view.varbind(start + row, now)
                else:
                    # The name of the last object repeats with endOfMibView, or the asked one where nothing followed it.
                    last = encode_oid(view.oids[-1]) if start < len(view) else names[column]
                    yield encode_varbind(last, END)
            if not alive:
                return

    def _sized(self, request: Request, varbinds: Iterable[bytes]) -> bytes:
        reply = _message(request, 0, 0, b"".join(varbinds))
        return reply if len(reply) <= self._abilities.max_reply else _failure(request, TOO_BIG, 0)


def _failure(request: Request, status: int, index: int) -> bytes:
    """Return an error: with the variables of the request, but for tooBig in v2c, where the list is empty."""
    empty = status == TOO_BIG and request.version == VERSION_2C
    return _message(request, status, index, b"" if empty else request.variables)


def _message(request: Request, status: int, index: int, varbinds: bytes) -> bytes:
    errors = b"".join((tlv(Tag.INTEGER, bytes((status,))), tlv(Tag.INTEGER, bytes((index,))))) if status else NO_ERROR
    pdu = b"".join((request.request_id, errors, b"\x30", encode_length(len(varbinds)), varbinds))
    head = b"".join((b"\x02\x01", bytes((request.version,)), b"\x04", encode_length(len(request.community)), request.community))
    message = b"".join((head, b"\xa2", encode_length(len(pdu)), pdu))
    return b"".join((b"\x30", encode_length(len(message)), message))
