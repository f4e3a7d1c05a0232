"""What a reading means for the people who look after the device: how it is, in one word, and whether it needs somebody. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from appliance.common.message import Message
from appliance.report.model import Device, Reading, Status, Supply
from appliance.report.names import error_name
from appliance.report.supply_level import needs_attention

Condition = Literal["error", "warning", "ok", "unknown"]
Level = Literal["ok", "warn", "bad", "busy", "off"]

SILENT_AFTER = timedelta(days=3)
"""A device not read for longer is silent: what it said last is no longer how it is."""

STOPS_PRINTING = frozenset(
    {
        "noPaper",
        "noToner",
        "doorOpen",
        "jammed",
        "offline",
        "serviceRequested",
        "inputTrayMissing",
        "outputTrayMissing",
        "markerSupplyMissing",
        "outputFull",
    }
)
"""Bits of hrPrinterDetectedErrorState (RFC 2790) after which a printer does not print; the others only warn."""

_PRINTER_STATUS: Mapping[str, tuple[Level, str]] = {
    "idle": ("ok", Message("Ready")),
    "printing": ("busy", Message("Printing")),
    "warmup": ("busy", Message("Warming up")),
    "sleeping": ("off", Message("Sleeping")),
}
_CONDITIONS: Mapping[Level, Condition] = {"bad": "error", "warn": "warning"}


@dataclass(frozen=True, slots=True)
class DeviceState:
    """How a device is: how serious that is, and the gravest thing it says of itself."""

    level: Level
    text: str
    more: int = 0
    """How many other things of the same gravity it says."""

    @property
    def words(self) -> str:
        """The text, and how many more there are: `Paper jam +1`."""
        return Message("%(text)s +%(more)d", text=self.text, more=self.more) if self.more else self.text

    @property
    def needs_attention(self) -> bool:
        """Whether a person should look after it."""
        return self.level in ("bad", "warn")


def is_silent(age: timedelta) -> bool:
    """Return whether a device whose newest reading is `age` old is silent."""
    return age > SILENT_AFTER


def state_of(reading: Reading, age: timedelta = timedelta()) -> DeviceState:
    """Return how a device is by its newest reading, which is `age` old."""
    if is_silent(age):
        return DeviceState("bad", Message("Silent for %(count)d days", count=age.days))
    return _said(reading.status, reading.supplies)


def _said(status: Status, supplies: Iterable[Supply]) -> DeviceState:
    findings: tuple[tuple[Level, list[str]], ...] = (
        ("bad", [name for name in status.errors if name in STOPS_PRINTING]),
        ("bad", ["down"] if status.device == "down" else []),
        ("warn", list(status.errors)),
        ("warn", ["warning"] if status.device == "warning" else []),
    )
    for level, names in findings:
        if names:
            return DeviceState(level, error_name(names[0]), len(names) - 1)
    if any(map(needs_attention, supplies)):
        return DeviceState("warn", Message("Supply low"))
    told: tuple[Level, str] = ("off", Message("Status not told")) if status.device == "unknown" else _PRINTER_STATUS["idle"]
    level, text = _PRINTER_STATUS.get(status.printer, told)
    return DeviceState(level, text)


def condition(reading: Reading) -> Condition:
    """Return `error` when the device cannot print, `warning` when it soon will not, `unknown` when it did not say."""
    return condition_of(reading.status, reading.supplies)


def condition_of(status: Status, supplies: Iterable[Supply]) -> Condition:
    """Return what `condition` does of a reading with this status and these supplies."""
    state = _said(status, supplies)
    if state.needs_attention:
        return _CONDITIONS[state.level]
    return "unknown" if status.device == "unknown" and status.printer == "unknown" else "ok"


def make_and_model(device: Device) -> str:
    """Return maker and model, without saying the maker twice; empty where neither was told."""
    maker, model = device.manufacturer or "", device.model or ""
    return model if model.lower().startswith(maker.lower()) and model else f"{maker} {model}".strip()


def device_name(device: Device) -> str:
    """Return maker and model; else whatever names the device best."""
    return make_and_model(device) or device.description or device.hostname or device.ip or device.key
