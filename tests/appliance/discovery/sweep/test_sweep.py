"""Sweeps over loopback, where every 127.x address answers pings and a closed port says so."""

import asyncio
import errno
import os
import socket
import struct
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path

import pytest

from appliance.common.errors import SettingsError
from appliance.discovery.credentials import Credential
from appliance.discovery.icmp import icmp_mode
from appliance.discovery.sweep.sweep import Asking, Found, Pace, Sweep, SweepProgress
from appliance.discovery.targets import TargetSet
from appliance.snmp.client import Agent, SnmpClient, SnmpOptions
from appliance.snmp.values import Objects, Oid
from tests.appliance.snmp.messages import Asked, text
from tests.appliance.snmp.responder import Responder, responding

SYS_OBJECT_ID: Oid = (1, 3, 6, 1, 2, 1, 1, 2, 0)
SYS_DESCR: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
PROBE = (SYS_OBJECT_ID, SYS_DESCR)
OBJECTS: Objects = {SYS_OBJECT_ID: text("id"), SYS_DESCR: text("a printer")}
SO_RCVBUFFORCE = 33
"""SO_RCVBUF beyond the system's limit, for root (Linux, socket(7)); not named by Python."""
PUBLIC = (Credential("default", "2c", "public"),)
PATIENCE = SnmpOptions(timeout=0.3, retries=1, budget=10)

needs_ping = pytest.mark.skipif(
    icmp_mode() == "none", reason="this process may not send pings (net.ipv4.ping_group_range, or CAP_NET_RAW)"
)


async def sweep(
    client: SnmpClient,
    targets: Sequence[str],
    port: int,
    *,
    icmp: bool = True,
    credentials: Sequence[Credential] = PUBLIC,
    packets_per_second: float = 2000,
    progress: SweepProgress | None = None,
) -> list[Found]:
    """Sweep and return what was found, in the order in which it came."""
    swept = Sweep(client, Asking(tuple(credentials), port, icmp=icmp, probe=PROBE), Pace(packets_per_second))
    async with aclosing(swept.run(TargetSet.parse(targets), progress or SweepProgress())) as results:
        return [found async for found in results]


@pytest.mark.parametrize("icmp", [pytest.param(True, marks=needs_ping), False])
def test_each_agent_is_found_once_among_addresses_without_one(*, icmp: bool) -> None:
    async def main() -> tuple[list[Found], SweepProgress]:
        progress = SweepProgress()
        async with (
            responding(OBJECTS, host="127.20.0.9") as first,
            responding(OBJECTS, host="127.20.0.77", port=first.port),
            SnmpClient(PATIENCE) as client,
        ):
            found = await sweep(client, ["127.20.0.0/24", "127.20.0.70-80"], first.port, icmp=icmp, progress=progress)
        return found, progress

    found, progress = asyncio.run(main())
    assert sorted(each.address for each in found) == ["127.20.0.77", "127.20.0.9"]
    assert all(each.objects == OBJECTS for each in found)
    assert (progress.addresses, progress.asked, progress.found) == (254, 254, 2)
    assert progress.answering == 254
    assert progress.remaining_seconds == 0
    assert progress.trouble == {}


@pytest.mark.parametrize("icmp", [pytest.param(True, marks=needs_ping), False])
def test_an_ipv6_agent_is_found(*, icmp: bool) -> None:
    async def main() -> list[Found]:
        async with responding(OBJECTS, host="::1") as responder, SnmpClient(PATIENCE) as client:
            return await sweep(client, ["::1"], responder.port, icmp=icmp)

    assert [each.address for each in asyncio.run(main())] == ["::1"]


def test_credentials_are_tried_in_order_and_the_one_that_worked_is_told() -> None:
    async def main() -> tuple[list[Found], list[str]]:
        async with responding(OBJECTS) as responder, SnmpClient(PATIENCE) as client:
            credentials = [Credential(word, "2c", word) for word in ("first", "second", "public", "never")]
            found = await sweep(client, ["127.0.0.1"], responder.port, icmp=False, credentials=credentials)
            return found, list(dict.fromkeys(request.community for request in responder.asked))

    found, order = asyncio.run(main())
    assert [each.agent.community for each in found] == ["public"]
    assert [each.credential.name for each in found] == ["public"]
    assert order == ["first", "second", "public"]


@needs_ping
def test_a_living_address_silent_to_v2c_is_asked_in_v1() -> None:
    async def main() -> list[Found]:
        async with responding(OBJECTS, versions=(0,)) as responder, SnmpClient(PATIENCE) as client:
            return await sweep(client, ["127.0.0.1"], responder.port)

    found = asyncio.run(main())
    assert [(each.agent.version, each.objects) for each in found] == [("1", OBJECTS)]


@needs_ping
def test_v1_is_asked_once_when_it_is_among_the_credentials() -> None:
    async def main() -> tuple[list[Found], list[int]]:
        async with responding(OBJECTS, versions=(0,)) as responder, SnmpClient(PATIENCE) as client:
            found = await sweep(
                client,
                ["127.0.0.1"],
                responder.port,
                credentials=[Credential("first", "2c", "public"), Credential("second", "1", "public")],
            )
            return found, [request.version for request in responder.asked]

    found, versions = asyncio.run(main())
    assert [each.agent.version for each in found] == ["1"]
    # One request in v2c, one in v1, and what that left open.
    assert versions == [1, 0, 0]


def test_a_lost_probe_is_repeated_without_pings() -> None:
    def loses_first(responder: Responder, request: Asked) -> list[bytes]:
        return [responder.rule(request)] if len(responder.asked) > 1 else []

    async def main() -> list[Found]:
        async with responding(OBJECTS, loses_first) as responder, SnmpClient(PATIENCE) as client:
            return await sweep(client, ["127.0.0.1"], responder.port, icmp=False)

    assert len(asyncio.run(main())) == 1


def test_results_come_while_the_sweep_goes_on() -> None:
    async def main() -> tuple[int, int]:
        progress = SweepProgress()
        async with responding(OBJECTS, host="127.21.0.1") as responder, SnmpClient(PATIENCE) as client:
            swept = Sweep(client, Asking(PUBLIC, responder.port, icmp=False, probe=PROBE), Pace(100))
            async with aclosing(swept.run(TargetSet.parse(["127.21.0.0/24"]), progress)) as results:
                async for _ in results:
                    assert progress.remaining_seconds is not None
                    return progress.asked, progress.remaining_seconds
        raise AssertionError("nothing was found")

    asked, remaining = asyncio.run(main())
    assert asked < 100
    assert 2 <= remaining <= 10


def open_descriptors() -> set[str]:
    """Return the sockets and files of this process; the folder being listed has gone by the time it is asked about."""
    return {f"{entry.name}:{entry.readlink()}" for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()}


def test_a_cancelled_sweep_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with responding(OBJECTS, lambda _r, _q: [], host="127.22.0.1") as responder, SnmpClient(SnmpOptions()) as client:
            transport = client.transport("127.0.0.1")
            before = open_descriptors()
            tasks_before = asyncio.all_tasks()
            progress = SweepProgress()
            running = asyncio.create_task(sweep(client, ["127.22.0.0/16"], responder.port, progress=progress))
            while not responder.asked:
                await asyncio.sleep(0.01)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert open_descriptors() == before
            assert asyncio.all_tasks() == tasks_before
            assert transport.waiting == 0
            sent = client.traffic.packets_sent
            await asyncio.sleep(0.1)
            assert client.traffic.packets_sent == sent

    asyncio.run(main())


def test_leaving_a_sweep_early_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with responding(OBJECTS, host="127.23.0.1") as responder, SnmpClient(PATIENCE) as client:
            transport = client.transport("127.0.0.1")
            before = open_descriptors()
            swept = Sweep(client, Asking(PUBLIC, responder.port, probe=PROBE), Pace(500))
            async with aclosing(swept.run(TargetSet.parse(["127.23.0.0/16"]), SweepProgress())) as results:
                async for _ in results:
                    break
            assert open_descriptors() == before
            assert transport.waiting == 0

    asyncio.run(main())


def test_a_packet_that_could_not_be_sent_is_sent_again() -> None:
    async def main() -> tuple[list[Found], SweepProgress]:
        progress = SweepProgress()
        async with responding(OBJECTS) as responder, SnmpClient(PATIENCE) as client:
            transport = client.transport("127.0.0.1")
            real = transport._socket
            transport._socket = FailingOnce(real)  # type: ignore[assignment]
            found = await sweep(client, ["127.0.0.1"], responder.port, icmp=False, progress=progress)
            transport._socket = real
        return found, progress

    found, progress = asyncio.run(main())
    assert [each.address for each in found] == ["127.0.0.1"]
    assert progress.trouble == {}


class FailingOnce:
    """A socket whose first send fails as sends do when the neighbour table of the kernel is full."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real
        self._failed = False

    def sendto(self, data: bytes, destination: tuple[str, int]) -> int:
        if not self._failed:
            self._failed = True
            raise OSError(errno.EHOSTUNREACH, "no room for another neighbour")
        return self._real.sendto(data, destination)

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


@contextmanager
def listening(host: str, *, pings: bool) -> Iterator[tuple[int, list[socket.socket]]]:
    """Take all SNMP requests (and see all pings) to loopback addresses, with the kernel's time of arrival; answer nothing."""
    requests = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sockets = [requests]
    try:
        requests.bind((host, 0))
        if pings:
            sockets.append(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
            # Only echo requests (Linux: SOL_RAW, ICMP_FILTER).
            sockets[1].setsockopt(255, 1, struct.pack("=I", ~(1 << 8) & 0xFFFFFFFF))
        for each in sockets:
            # Room for the pings of other tests too: nothing that arrived may be dropped before it is counted.
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            if os.geteuid() == 0:
                each.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
            each.setblocking(False)
            each.setsockopt(socket.SOL_SOCKET, 35, 1)
        yield requests.getsockname()[1], sockets
    finally:
        for each in sockets:
            each.close()


def arrivals(sockets: list[socket.socket], network: str) -> list[float]:
    """Return when each packet to `network` arrived, in order."""
    moments = []
    for each in sockets:
        while True:
            try:
                data, ancillary, _, _ = each.recvmsg(2048, 256)
            except BlockingIOError:
                break
            if each.type == socket.SOCK_RAW and not socket.inet_ntoa(data[16:20]).startswith(network):
                continue
            seconds, nanoseconds = struct.unpack("=qq", ancillary[0][2][:16])
            moments.append(seconds + nanoseconds / 1e9)
    return sorted(moments)


def may_use_raw_sockets() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except PermissionError:
        return False
    return True


@pytest.mark.parametrize("icmp", [True, False])
def test_no_second_sees_more_packets_than_the_ceiling(*, icmp: bool) -> None:
    if icmp and not may_use_raw_sockets():
        pytest.skip("seeing pings arrive needs CAP_NET_RAW")
    ceiling = 150

    async def main(port: int) -> SweepProgress:
        progress = SweepProgress()
        async with SnmpClient(SnmpOptions(timeout=0.3, retries=1)) as client:
            await sweep(client, ["127.24.0.0/25"], port, icmp=icmp, packets_per_second=ceiling, progress=progress)
        return progress

    with listening("0.0.0.0", pings=icmp) as (port, sockets):
        begun = time.monotonic()
        progress = asyncio.run(main(port))
        seconds = time.monotonic() - begun
        moments = arrivals(sockets, "127.24.")
    assert len(moments) == progress.packets_sent
    # Each address: ping, two requests in v2c, one in v1; without pings: a probe and its repetition.
    assert len(moments) == 126 * (4 if icmp else 2)
    busiest = max(bisect_left(moments, moment + 1.0) - number for number, moment in enumerate(moments))
    assert busiest <= ceiling
    # An even pace, and not much slower than allowed.
    assert busiest >= ceiling * 0.7
    assert seconds >= len(moments) / ceiling


def test_silent_addresses_get_a_request_for_each_credential_and_no_more() -> None:
    async def main(port: int) -> SweepProgress:
        progress = SweepProgress()
        async with SnmpClient(SnmpOptions(timeout=0.2, retries=3)) as client:
            credentials = [*PUBLIC, Credential("another", "2c", "other")]
            await sweep(client, ["127.25.0.1-10"], port, icmp=False, credentials=credentials, progress=progress)
        return progress

    with listening("0.0.0.0", pings=False) as (port, sockets):
        progress = asyncio.run(main(port))
        assert len(arrivals(sockets, "")) == 10 * 2 * 2
    assert (progress.asked, progress.answering, progress.found) == (10, 0, 0)


def test_silent_addresses_do_not_delay_those_that_answer() -> None:
    async def main() -> float:
        async with (
            responding(OBJECTS, host="127.26.0.200") as agent,
            responding({}, versions=(), host="127.26.0.10", port=agent.port),
            responding({}, versions=(), host="127.26.0.11", port=agent.port),
            SnmpClient(SnmpOptions(timeout=20.0, retries=1)) as client,
        ):
            swept = Sweep(client, Asking(PUBLIC, agent.port, icmp=False, probe=PROBE), Pace(2000))
            begun = time.monotonic()
            async with aclosing(swept.run(TargetSet.parse(["127.26.0.0/24"]), SweepProgress())) as results:
                async for _ in results:
                    return time.monotonic() - begun
        raise AssertionError("nothing was found")

    assert asyncio.run(main()) < 10


@pytest.mark.parametrize("port", [515, 9100, 9112, 9999])
def test_ports_of_printing_are_refused(port: int) -> None:
    async def main() -> None:
        async with SnmpClient() as client:
            Sweep(client, Asking(PUBLIC, port))

    with pytest.raises(SettingsError, match="port of printing"):
        asyncio.run(main())


@pytest.mark.parametrize(
    ("credentials", "packets_per_second", "complaint"),
    [((), 200, "no SNMP credentials"), (PUBLIC, 0, "packets_per_second")],
)
def test_what_cannot_be_swept_with_is_refused(credentials: Sequence[Credential], packets_per_second: float, complaint: str) -> None:
    async def main() -> None:
        async with SnmpClient() as client:
            Sweep(client, Asking(tuple(credentials)), Pace(packets_per_second))

    with pytest.raises(SettingsError, match=complaint):
        asyncio.run(main())


def test_the_standard_probe_says_whether_a_device_is_a_printer() -> None:
    serial: Oid = (1, 3, 6, 1, 2, 1, 43, 5, 1, 1, 17, 1)

    async def main() -> list[Found]:
        async with responding({**OBJECTS, serial: text("S1")}) as responder, SnmpClient(PATIENCE) as client:
            swept = Sweep(client, Asking(PUBLIC, responder.port, icmp=False))
            async with aclosing(swept.run(TargetSet.parse(["127.0.0.1"]), SweepProgress())) as results:
                return [found async for found in results]

    (found,) = asyncio.run(main())
    assert found.agent == Agent("127.0.0.1", found.agent.port)
    assert found.objects[serial] == text("S1")


def test_a_sweep_goes_on_whose_hold_ends_between_two_looks() -> None:
    looks = iter((True,))

    async def main() -> list[Found]:
        async with responding(OBJECTS) as responder, SnmpClient(PATIENCE) as client:
            pace = Pace(2000, held=lambda: next(looks, False))
            swept = Sweep(client, Asking(PUBLIC, responder.port, icmp=False, probe=PROBE), pace)
            async with asyncio.timeout(30), aclosing(swept.run(TargetSet.parse(["127.0.0.1"]), SweepProgress())) as results:
                return [found async for found in results]

    assert [found.address for found in asyncio.run(main())] == ["127.0.0.1"]
