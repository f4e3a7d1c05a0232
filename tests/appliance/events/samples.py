"""Readings of one device, as they follow each other."""

from datetime import UTC, datetime
from typing import Any

from appliance.events.comparison import between
from appliance.events.memory import Memory, parse_memory
from appliance.report import Alert, Device, Meter, Reading, Supply

Told = tuple[str, dict[str, Any]]


def toner(percent: float | None = None, state: str = "ok", *, index: str = "1.1", serial: str | None = None, **more: Any) -> Supply:
    """Return a supply; its state follows its percentage where that is given and no state is."""
    if percent is not None and state == "ok":
        state = "empty" if percent == 0 else "low" if percent <= 10 else "ok"
    values = {
        "index": index,
        "type": "toner",
        "class": "supplyThatIsConsumed",
        "color": "black",
        "percent": percent,
        "state": state,
        "serial": serial,
        "source": "prtMarkerSuppliesLevel.1.1",
    }
    return Supply.model_validate(values | more)


def alert(code: str = "jam", description: str | None = "Paper jam", **more: Any) -> Alert:
    """Return an alert."""
    return Alert(severity="critical", group="mediaPath", code=code, description=description, **more)


def reading(
    *,
    supplies: tuple[Supply, ...] = (),
    alerts: tuple[Alert, ...] = (),
    partial: bool = False,
    source: str = "prtMarkerLifeCount",
    **meters: int,
) -> Reading:
    """Return a reading with these meters."""
    return Reading(
        taken_at=datetime(2026, 11, 22, 10, tzinfo=UTC),
        device=Device(key="serial:HP:1"),
        supplies=supplies,
        alerts=alerts,
        meters={name: Meter(value=value, unit="impressions", source=source) for name, value in meters.items()},
        reasons={"reading": "it fell silent"} if partial else {},
    )


class Past:
    """Gives in one reading after the other, the memory through JSON as the store does."""

    def __init__(self, *readings: Reading) -> None:
        self.memory: str = Memory().to_json()
        self.last: Reading | None = None
        for one in readings:
            self.then(one)

    def then(self, current: Reading) -> list[Told]:
        """Return what is told of the next reading; `self.last` is how it is kept."""
        outcome = between(self.last, current, parse_memory(self.memory))
        self.memory, self.last = outcome.memory.to_json(), outcome.reading
        return [(device_event.kind, dict(device_event.detail)) for device_event in outcome.device_events]

    def kinds(self, current: Reading) -> list[str]:
        """Return the kinds of what is told."""
        return [kind for kind, _ in self.then(current)]
