"""Host names: looked up side by side, waited for only so long, remembered; and a sweep that begins with what is known."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.discovery.credentials import Credential
from appliance.discovery.names import AT_ONCE, HostNames
from appliance.discovery.targets import TargetSet
from appliance.reading.definitions.definitions import builtin_definitions
from appliance.service.scans.devices import DeviceAnswer
from appliance.service.scans.memory.scan_memory import ScanMemory
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.scan_run import ScanRun
from appliance.snmp.client import SnmpOptions
from tests.conftest import RunningSimulator

MANY = 4096


class Resolver:
    """A name server that knows some names, denies others, and says nothing about names that begin with `silent`."""

    def __init__(self, known: dict[str, str] | None = None) -> None:
        self.known = known or {}
        self.asked: list[str] = []
        self.away = False
        self.released = threading.Event()

    def __call__(self, name: str) -> list[tuple[Any, ...]]:
        self.asked.append(name)
        if name.startswith("silent") or self.away:
            self.released.wait(120)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if name not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", (self.known[name], 0))]


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    made = Resolver()
    yield made
    made.released.set()


async def rest(resolver: Resolver) -> None:
    """Let what is still looked up come to its end, so that the loop can close."""
    resolver.released.set()
    tasks = [task for task in asyncio.all_tasks() if task.get_name().startswith("look up")]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_thousands_of_silent_names_are_waited_for_together_and_no_longer_than_was_said(resolver: Resolver) -> None:
    async def main() -> tuple[TargetSet, float]:
        targets = TargetSet.parse([f"silent{number}" for number in range(MANY)])
        began = time.monotonic()
        await targets.resolve(HostNames(resolver), 0.5)
        took = time.monotonic() - began
        await rest(resolver)
        return targets, took

    targets, took = asyncio.run(main())
    assert took < 20
    assert len(targets.unresolved) == MANY
    assert "the name server does not answer" in targets.unresolved[0][1]
    assert AT_ONCE <= len(resolver.asked) < MANY


def test_one_slow_name_keeps_no_other_waiting(resolver: Resolver) -> None:
    resolver.known = {f"printer{number}": f"10.0.0.{number}" for number in range(1, 100)}

    async def main() -> TargetSet:
        targets = TargetSet.parse(["silent", *resolver.known])
        await targets.resolve(HostNames(resolver), 5.0)
        await rest(resolver)
        return targets

    targets = asyncio.run(main())
    assert targets.count() == 99
    assert [name for name, _ in targets.unresolved] == ["silent"]


def test_a_name_that_comes_late_is_taken_by_the_next_call() -> None:
    known = threading.Event()

    def look_up(_name: str) -> list[tuple[Any, ...]]:
        known.wait(60)
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("10.0.0.9", 0))]

    async def main() -> None:
        names, targets = HostNames(look_up), TargetSet.parse(["printer", "10.0.0.1"])
        assert (await targets.resolve(names, 0.2)).count() == 0
        assert [name for name, _ in targets.unresolved] == ["printer"]
        known.set()
        added = await targets.resolve(names, 30)
        assert "10.0.0.9" in added
        assert "10.0.0.1" not in added
        assert (targets.count(), targets.unresolved, targets.host_names) == (2, [], {"10.0.0.9": "printer"})

    asyncio.run(main())


def test_an_answer_stands_in_while_the_name_server_is_away(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.discovery.names.FRESH_SECONDS", 0.0)
    resolver.known = {"printer": "10.0.0.9"}

    async def main() -> None:
        names = HostNames(resolver)
        assert [str(one) for one in (await names.resolve(["printer"], 10))["printer"].addresses] == ["10.0.0.9"]
        resolver.away = True
        assert [str(one) for one in (await names.resolve(["printer"], 0.2))["printer"].addresses] == ["10.0.0.9"]
        await rest(resolver)

    asyncio.run(main())


def test_a_name_that_is_gone_is_not_remembered(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.discovery.names.FRESH_SECONDS", 0.0)
    resolver.known = {"printer": "10.0.0.9"}

    async def main() -> None:
        names = HostNames(resolver)
        await names.resolve(["printer"], 10)
        resolver.known = {}
        answer = (await names.resolve(["printer"], 10))["printer"]
        assert answer.addresses == ()
        assert "Name or service not known" in answer.reason

    asyncio.run(main())


def test_a_fresh_answer_is_not_asked_for_again(resolver: Resolver) -> None:
    resolver.known = {"printer": "10.0.0.9"}

    async def main() -> None:
        names = HostNames(resolver)
        for _ in range(3):
            await names.resolve(["printer", "gone"], 10)

    asyncio.run(main())
    assert sorted(resolver.asked) == ["gone", "printer"]


@pytest.mark.parametrize("address", ["0.0.0.0", "224.0.0.1", "255.255.255.255"])
def test_a_name_that_leads_to_no_device_is_not_contacted(resolver: Resolver, address: str) -> None:
    resolver.known = {"printer": address}

    async def main() -> TargetSet:
        targets = TargetSet.parse(["printer"], networks=["0.0.0.0/0"])
        await targets.resolve(HostNames(resolver), 10)
        return targets

    targets = asyncio.run(main())
    assert targets.count() == 0
    assert "is no address of a device" in targets.unresolved[0][1]


def test_a_sweep_begins_at_once_and_takes_names_as_they_come(fleet: RunningSimulator, resolver: Resolver) -> None:
    first, second, third, fourth = fleet.addresses
    resolver.known = {"second": second}
    targets = [first, "second", "late", *(f"silent{number}" for number in range(200))]
    read_at: dict[str, float] = {}

    async def main() -> Scan:
        late = threading.Event()

        def look_up(name: str) -> list[tuple[Any, ...]]:
            if name == "late":
                late.wait(60)
                return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", (third, 0))]
            return resolver(name)

        async def keep(answer: DeviceAnswer) -> None:
            read_at[answer.agent.address] = time.monotonic()
            if len(read_at) == 2:
                late.set()

        options = ScanOptions(
            (Credential("public", "2c", "public"),),
            fleet.port,
            1000,
            icmp=True,
            snmp=SnmpOptions(timeout=0.5),
            http=False,
            definitions=builtin_definitions(),
        )
        scan = Scan("sweep")
        run = ScanRun(options, scan, keep, memory=ScanMemory(names=HostNames(look_up)))
        await run.sweep(TargetSet.parse(targets, exclude=[fourth]))
        await rest(resolver)
        return scan

    began = time.monotonic()
    scan = asyncio.run(main())
    assert set(read_at) == {first, second, third}
    assert max(read_at[first], read_at[second]) - began < 30
    assert scan.read == 3
    assert scan.addresses == 3
    assert scan.sweep.answering == 3
    assert len(scan.failures) == 200
