"""An SNMP agent on a real UDP socket, small enough to misbehave in one way at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import cast

from appliance.snmp.values import Oid, Value
from tests.appliance.snmp.messages import (
    END_OF_MIB_VIEW,
    GET,
    GET_BULK,
    NO_SUCH_INSTANCE,
    Asked,
    read_request,
    write_response,
)

Answer = Callable[["Responder", Asked], list[bytes]]


class Responder(asyncio.DatagramProtocol):
    """Answers from `objects`; `answer` replaces the rule of RFC 3416 and RFC 1157, `versions` are those it knows."""

    def __init__(self, objects: Mapping[Oid, Value], answer: Answer | None = None, versions: tuple[int, ...] = (0, 1)) -> None:
        self.objects = dict(sorted(objects.items()))
        self.asked: list[Asked] = []
        self.senders: list[tuple[str, int]] = []
        self.arrivals: list[float] = []
        self._answer = answer
        self._versions = versions
        self.transport: asyncio.DatagramTransport | None = None
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    @property
    def port(self) -> int:
        assert self.transport is not None
        return int(self.transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self.transport is not None
        request = read_request(data)
        self.asked.append(request)
        self.senders.append(addr)
        self.arrivals.append(asyncio.get_running_loop().time())
        if request.version not in self._versions or request.community != "public":
            return
        for reply in self._answer(self, request) if self._answer else [self.rule(request)]:
            self.transport.sendto(reply, addr)

    def rule(self, request: Asked) -> bytes:
        """Return the right answer."""
        if request.kind == GET_BULK:
            return write_response(1, request.request_id, self.bulk(request))
        varbinds: list[tuple[Oid, Value]] = []
        for number, oid in enumerate(request.oids, 1):
            found = (oid, self.objects.get(oid)) if request.kind == GET else self.following(oid)
            if found[1] is None:
                if request.version == 0:
                    return self.error(request, 2, number)
                found = (oid, NO_SUCH_INSTANCE if request.kind == GET else END_OF_MIB_VIEW)
            assert found[1] is not None
            varbinds.append((found[0], found[1]))
        return write_response(request.version, request.request_id, varbinds)

    def error(self, request: Asked, status: int, index: int) -> bytes:
        empty = [(oid, Value(5, None)) for oid in request.oids]
        return write_response(request.version, request.request_id, empty, status=status, index=index)

    def bulk(self, request: Asked) -> list[tuple[Oid, Value]]:
        varbinds = [self.next_varbind(oid) for oid in request.oids[: request.non_repeaters]]
        cursors = list(request.oids[request.non_repeaters :])
        for _ in range(request.max_repetitions):
            for column, oid in enumerate(cursors):
                varbinds.append(self.next_varbind(oid))
                cursors[column] = varbinds[-1][0]
        return varbinds

    def next_varbind(self, oid: Oid) -> tuple[Oid, Value]:
        name, value = self.following(oid)
        return (name, value if value is not None else END_OF_MIB_VIEW)

    def following(self, oid: Oid) -> tuple[Oid, Value | None]:
        name = next((each for each in self.objects if each > oid), None)
        return (name, self.objects[name]) if name is not None else (oid, None)


@asynccontextmanager
async def responding(
    objects: Mapping[Oid, Value],
    answer: Answer | None = None,
    *,
    versions: tuple[int, ...] = (0, 1),
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Responder]:
    """Run a responder on a free port."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: Responder(objects, answer, versions), local_addr=(host, port))
    try:
        yield protocol
    finally:
        transport.close()
        # The socket is closed a little later than the transport; who tests closed ports must not meet it.
        await protocol.closed.wait()
