import asyncio
import socket
from collections.abc import Callable

import pytest

from appliance.common.network.traffic import Traffic
from appliance.discovery.icmp import Pinger, icmp_mode

FAMILIES = {socket.AF_INET: ("127.0.0.77", 28), socket.AF_INET6: ("::1", 48)}


def open_pinger(family: socket.AddressFamily, on_answer: Callable[[str, int], None], traffic: Traffic) -> Pinger:
    if icmp_mode(family) == "none":
        pytest.skip("this process may not send pings (net.ipv4.ping_group_range, or CAP_NET_RAW)")
    return Pinger(family, on_answer, traffic)


@pytest.mark.parametrize("family", list(FAMILIES))
def test_a_ping_is_answered_from_its_address_and_has_no_payload(family: socket.AddressFamily) -> None:
    address, size = FAMILIES[family]

    async def main() -> tuple[str, Traffic]:
        answered: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()
        traffic = Traffic()
        pinger = open_pinger(family, lambda source, number: answered.set_result((source, number)), traffic)
        try:
            assert pinger.mode == icmp_mode(family)
            number = pinger.send(address)
            source, repeated = await asyncio.wait_for(answered, 10)
            assert repeated == number
            return source, traffic
        finally:
            pinger.close()

    found, traffic = asyncio.run(main())
    assert found == address
    assert traffic == Traffic(packets_sent=1, packets_received=1, bytes_sent=size, bytes_received=size)


def test_two_pingers_do_not_take_each_others_answers() -> None:
    async def main() -> tuple[list[str], list[str]]:
        mine: list[str] = []
        theirs: list[str] = []
        first = open_pinger(socket.AF_INET, lambda source, _: mine.append(source), Traffic())
        second = open_pinger(socket.AF_INET, lambda source, _: theirs.append(source), Traffic())
        try:
            for number in range(1, 21):
                first.send(f"127.0.1.{number}")
            second.send("127.0.2.1")
            deadline = asyncio.get_running_loop().time() + 10
            while (len(mine) < 20 or not theirs) and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(0.01)
        finally:
            first.close()
            second.close()
        return mine, theirs

    mine, theirs = asyncio.run(main())
    assert sorted(mine) == sorted(f"127.0.1.{number}" for number in range(1, 21))
    assert theirs == ["127.0.2.1"]


def test_a_ping_that_cannot_be_sent_raises_and_is_not_counted() -> None:
    async def main() -> Traffic:
        traffic = Traffic()
        pinger = open_pinger(socket.AF_INET, lambda _source, _number: None, traffic)
        try:
            with pytest.raises(PermissionError):
                pinger.send("255.255.255.255")
        finally:
            pinger.close()
        return traffic

    assert asyncio.run(main()).packets_sent == 0
