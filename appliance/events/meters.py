"""Counters that went back, and zeros not yet believed.

- A counter lower than before means that the counter was reset or a board replaced: one event with old and new value.
- A zero after another value is nearly always a failed read: it is left out until the next reading says the same.
- A meter that comes from another object, or counts in another unit, has no past: the first value is where it begins.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.events.device_event import DeviceEvent
from appliance.events.memory import Memory, MeterMemory
from appliance.report import Meter


@dataclass(frozen=True, slots=True)
class MeterDecision:
    """What is to be told of the meters, and by name why a value is not believed yet."""

    device_events: tuple[DeviceEvent, ...]
    quarantined: Mapping[str, str]


def judge_meters(meters: Mapping[str, Meter], memory: Memory) -> MeterDecision:
    """Return what happened to the meters; `memory` is brought up to date."""
    device_events: list[DeviceEvent] = []
    quarantined: dict[str, str] = {}
    for name, meter in meters.items():
        before = memory.meters.get(name)
        if before is not None and meter.value == 0 and before.value > 0 and name not in memory.zeros:
            memory.zeros.append(name)
            quarantined[name] = f"0 after {before.value}: left out until the next reading says the same"
            continue
        if name in memory.zeros:
            memory.zeros.remove(name)
        if before is not None and meter.value < before.value and _same_counter(meter, before):
            device_events.append(
                DeviceEvent("counter_reset", {"meter": name, "old": before.value, "new": meter.value, "unit": meter.unit})
            )
        memory.meters[name] = MeterMemory(meter.value, meter.unit, meter.source)
    return MeterDecision(tuple(device_events), quarantined)


def _same_counter(meter: Meter, before: MeterMemory) -> bool:
    return meter.source == before.source and meter.unit == before.unit
