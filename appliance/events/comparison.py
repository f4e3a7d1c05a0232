"""From one reading of a device to the next: what happened, and which values are not believed yet. Pure.

outcome = between(previous, current, memory)
outcome.device_events  events, each told once
outcome.reading        `current` without the values that are quarantined, `reasons` says why
outcome.memory         to be given in with the next reading
"""

from dataclasses import dataclass

from appliance.events.alerts import judge_alerts
from appliance.events.device_event import DeviceEvent
from appliance.events.memory import Memory
from appliance.events.meters import judge_meters
from appliance.events.supplies import judge_supplies
from appliance.report import Reading


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one reading has brought."""

    device_events: tuple[DeviceEvent, ...]
    reading: Reading
    memory: Memory


def between(previous: Reading | None, current: Reading, memory: Memory | None) -> Outcome:
    """Return what happened to a device since `previous`, its last reading that was kept.

    Without a memory the past is taken from `previous`, and nothing of it is told. With neither, the device is seen for the first
    time: what is low, empty or wrong with it is told. `memory` itself is changed; use the one of the outcome.
    """
    if memory is None:
        memory = Memory()
        if previous is not None:
            _judge(previous, memory)
    device_events, quarantined = _judge(current, memory)
    if quarantined:
        kept = {name: meter for name, meter in current.meters.items() if name not in quarantined}
        reasons = current.reasons | {f"meters.{name}": reason for name, reason in quarantined.items()}
        current = current.model_copy(update={"meters": kept, "reasons": reasons})
    return Outcome(tuple(device_events), current, memory)


def _judge(reading: Reading, memory: Memory) -> tuple[list[DeviceEvent], dict[str, str]]:
    whole = "reading" not in reading.reasons
    meters = judge_meters(reading.meters, memory)
    supplies = judge_supplies(reading.supplies, memory)
    alerts = judge_alerts(reading.alerts, memory, whole=whole)
    return [*meters.device_events, *supplies, *alerts], dict(meters.quarantined)
