"""An event as the rules find it: what happened, and the facts. The store adds the moment, the device and the id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "device_new",
    "device_moved",
    "device_second_address",
    "serial_number_shared",
    "device_replaced",
    "device_identified",
    "device_silent",
    "device_back",
    "supply_replaced",
    "supply_low",
    "supply_empty",
    "supply_full",
    "counter_reset",
    "alert_raised",
    "alert_cleared",
]

SILENT_AFTER_CYCLES = 3
"""Cycles in a row in which a device was asked in vain before it counts as silent."""


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """One event of a device."""

    kind: Kind
    detail: Mapping[str, Any] = field(default_factory=dict)
