"""The time a sweep says it will still take."""

import asyncio
import time
from contextlib import aclosing

import pytest

from appliance.common.network.traffic import Traffic
from appliance.discovery.credentials import Credential
from appliance.discovery.icmp import icmp_mode
from appliance.discovery.sweep.estimate import remaining_seconds
from appliance.discovery.sweep.sweep import Asking, Pace, Sweep, SweepProgress
from appliance.discovery.targets import TargetSet
from appliance.snmp.client import SnmpClient, SnmpOptions


def remaining(progress: SweepProgress, *, unbegun: int, begun: int = 0, idle: float = 0.0, thorough: bool = False) -> int:
    return remaining_seconds(
        progress,
        unbegun=unbegun,
        begun=begun,
        idle=idle,
        probes=1,
        icmp=True,
        silent_pass_expected=thorough,
        packets_per_second=200,
        addresses_per_second=float("inf"),
        snmp_seconds=2.0,
    )


def test_silent_addresses_take_two_pings_and_some_patience() -> None:
    assert remaining(SweepProgress(addresses=1000), unbegun=1000) == 10 + 3


def test_once_enough_is_known_the_own_average_counts() -> None:
    progress = SweepProgress(addresses=1000, asked=500, answering=500)
    progress.traffic.of("sweep").add(Traffic(packets_sent=2000))
    assert remaining(progress, unbegun=500, begun=500) == 10 + 3


def test_the_silent_pass_that_will_come_is_reckoned_with() -> None:
    progress = SweepProgress(addresses=1000, asked=400, answering=100)
    progress.traffic.of("sweep").add(Traffic(packets_sent=800))
    without = remaining(progress, unbegun=600, begun=400)
    # Three of four of 1000 addresses, one request each, and the patience with the last one.
    assert remaining(progress, unbegun=600, begun=400, thorough=True) == pytest.approx(without + 750 / 200 + 2, abs=1)


def test_at_the_end_only_the_patience_with_the_last_address_is_left() -> None:
    progress = SweepProgress(addresses=1000, asked=990, answering=500)
    assert remaining(progress, unbegun=0, begun=1000, idle=1.5) == 2


@pytest.mark.skipif(icmp_mode() == "none", reason="this process may not send pings")
def test_setting_the_clock_changes_neither_pace_nor_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    jumps = iter(range(10**9, 0, -86_400))
    monkeypatch.setattr(time, "time", lambda: float(next(jumps)))

    async def main() -> SweepProgress:
        progress = SweepProgress()
        async with SnmpClient(SnmpOptions(timeout=0.3, retries=0)) as client:
            sweep = Sweep(client, Asking((Credential("default", "2c", "public"),)), Pace(400))
            async with aclosing(sweep.run(TargetSet.parse(["127.27.0.0/26"]), progress)) as results:
                async for _ in results:
                    raise AssertionError("nobody has an agent there")
        return progress

    begun = time.monotonic()
    progress = asyncio.run(main())
    assert (progress.asked, progress.answering) == (62, 62)
    assert 0.9 * 62 * 2 / 400 <= time.monotonic() - begun < 5
