"""A few known devices are read to see whether what has come into force can be used. Nothing of it is kept or sent."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from appliance.common.message import Message
from appliance.report.device_keys import maker_in
from appliance.service.scans.devices import DeviceAnswer, Known
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.quiet_gate import QuietGate
from appliance.service.scans.scan_run import ScanRun

MOST_DEVICES = 5
SECONDS = 40.0
"""For all of them together; those that have not answered by then count as silent."""


@dataclass(frozen=True, slots=True)
class TrialReading:
    """What came of it."""

    devices: int = 0
    read: int = 0
    trouble: Message | None = None
    """Why what is in force cannot be used. A device that is silent says nothing about that: it may be off."""
    note: Message | None = None
    """Why none was read."""


def choose(known: Iterable[Known], makers: Collection[str]) -> list[Known]:
    """Return the devices to read: one of each maker, those of `makers` first, then others, as many as are read at most."""
    by_maker: dict[str, list[Known]] = {}
    for device in known:
        by_maker.setdefault(maker_in(device.key or ""), []).append(device)
    wanted = {maker.casefold() for maker in makers}
    ordered = sorted(by_maker, key=lambda maker: (maker.casefold() not in wanted, maker))
    longest = max(map(len, by_maker.values()), default=0)
    rounds = (by_maker[maker][turn] for turn in range(longest) for maker in ordered if turn < len(by_maker[maker]))
    return [device for device, _ in zip(rounds, range(MOST_DEVICES), strict=False)]


async def read_a_few(chosen: Sequence[Known], options: ScanOptions, scan: Scan, gate: QuietGate) -> TrialReading:
    """Read the devices of `chosen`; what it costs is in `scan`."""

    async def keep_nothing(_answer: DeviceAnswer) -> None:
        return

    try:
        async with asyncio.timeout(SECONDS):
            await ScanRun(options, scan, keep_nothing, gate=gate).read(chosen)
    except TimeoutError:
        pass  # who was silent until then is no fault of what is in force
    trouble = None
    if scan.unforeseen:
        trouble = Message(
            "%(count)d of %(devices)d known devices could not be read by it: %(reason)s",
            count=len(scan.unforeseen),
            devices=len(chosen),
            reason=scan.unforeseen[0].reason,
        )
    return TrialReading(len(chosen), scan.read, trouble)
