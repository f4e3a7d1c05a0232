"""What has to be remembered of a device so that each event is told once: plain values, kept as JSON beside the device."""

from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError


@dataclass(slots=True)
class MeterMemory:
    """The last value of a meter that was believed, and where it came from."""

    value: int
    unit: str
    source: str


@dataclass(slots=True)
class SupplyMemory:
    """A supply as it was last seen, and what was told of it."""

    percent: float | None = None
    state: str = "unknown"
    serial: str | None = None
    told: int = 0
    """The gravest state told: 0 none, 1 low, 2 empty or full."""
    told_percent: float | None = None
    fine: int = 0
    """Readings in a row in which it was fine again."""
    before_fall: float | None = None
    """The percentage before it fell at once by much: if it comes back to that, neither was true."""


@dataclass(slots=True)
class AlertMemory:
    """An alert that was told and not yet cleared."""

    severity: str
    group: str
    code: str
    description: str | None


@dataclass(slots=True)
class Memory:
    """All that is remembered of one device."""

    meters: dict[str, MeterMemory] = field(default_factory=dict)
    zeros: list[str] = field(default_factory=list)
    """Meters whose zero waits to be seen a second time."""
    supplies: dict[str, SupplyMemory] = field(default_factory=dict)
    alerts: dict[str, AlertMemory] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the memory as compact JSON."""
        return _ADAPTER.dump_json(self).decode()


_ADAPTER: TypeAdapter[Memory] = TypeAdapter(Memory)


def parse_memory(text: str | None) -> Memory | None:
    """Return what was remembered, or None when there is nothing, or nothing this version understands."""
    if not text or text == "{}":
        return None
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError:
        return None
