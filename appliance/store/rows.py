"""What the store gives out: plain values, no database behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from appliance import report


@dataclass(frozen=True)
class DeviceRow:
    """A device as the collector knows it."""

    key: str
    address: str | None
    """Where it was last read; None once another device was found at that address."""
    first_seen_at: datetime
    last_seen_at: datetime
    body: str
    """The newest reading kept, as JSON."""
    agent: Mapping[str, Any]
    """How it was reached: SNMP version, port and the name of the credential, never the credential."""
    failure: str | None = None
    """Why it could not be read since, None while it answers."""
    failed_at: datetime | None = None
    silent_at: datetime | None = None
    """When it counted as silent, after several cycles in vain."""
    replaced_by: str | None = None
    """The key of the device that was found at its address in its place."""

    @cached_property
    def reading(self) -> report.Reading:
        """The newest reading kept; understood only where somebody looks at it, since a site may have thousands of devices."""
        return report.Reading.model_validate_json(self.body)

    @property
    def answering(self) -> bool:
        """Whether the last attempt to read it worked."""
        return self.failure is None


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """What a device said when it was last read in full, without what its panel showed."""

    address: str
    port: int
    full_at: datetime
    counts_alerts: bool
    """Whether its counter of alerts is believed."""
    definitions: str
    """The vendor definitions it was read by, as a fingerprint."""
    objects: bytes
    """Packed; the reader of devices knows how."""


@dataclass(frozen=True, slots=True)
class AddressRow:
    """A stay of a device at an address."""

    address: str
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened and that a person may want to know."""

    id: int
    at: datetime
    kind: str
    text: str
    device_key: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutboxState:
    """What waits to be sent."""

    readings: int
    oldest_at: datetime | None
    """When the oldest waiting reading was taken."""
    set_aside: int = 0
    """Readings the hosting server will never take; they stay on this disk."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings and events sent together. Id and content stay the same until the hosting server has acknowledged them."""

    id: str
    readings: tuple[str, ...]
    """Each reading that is sent in full as JSON, exactly as it waits in the outbox."""
    events: tuple[str, ...] = ()
    """Each event as JSON."""
    changes: tuple[str, ...] = ()
    """The readings that are sent as what changed, each a `report.Change` as JSON."""

    def body(self) -> bytes:
        """Return the body of `POST /api/v1/readings`: a `report.Batch` in JSON, the same bytes each time."""
        changes = f',"changes":[{",".join(self.changes)}]' if self.changes else ""
        events = f',"events":[{",".join(self.events)}]' if self.events else ""
        readings = ",".join(self.readings)
        return f'{{"schema":{report.SCHEMA},"batch":"{self.id}","readings":[{readings}]{changes}{events}}}'.encode()


@dataclass(frozen=True, slots=True)
class TrafficRow:
    """Packets and bytes (IP level) of one UTC day for one purpose, see `appliance.common.network.traffic`."""

    day: str
    purpose: str
    packets_sent: int
    packets_received: int
    bytes_sent: int
    bytes_received: int
