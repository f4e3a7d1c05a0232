"""What a reading is and means: the one place where collector, web UI, console and command line look it up."""

from appliance.report.model import (
    SCHEMA,
    Alert,
    Batch,
    Change,
    Count,
    Device,
    DeviceKey,
    Event,
    Meter,
    Moment,
    Reading,
    Status,
    Supply,
    Text,
    Tray,
)

__all__ = [
    "SCHEMA",
    "Alert",
    "Batch",
    "Change",
    "Count",
    "Device",
    "DeviceKey",
    "Event",
    "Meter",
    "Moment",
    "Reading",
    "Status",
    "Supply",
    "Text",
    "Tray",
]
