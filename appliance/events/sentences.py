"""Events in words for a person. Pure; made anew from the masked facts before an event leaves the site."""

import re
from collections.abc import Mapping
from typing import Any

from appliance.report import Device

_LONGEST = 1024


def device_name(device: Device) -> str:
    """Return maker and model of a device, else its key."""
    return " ".join(part for part in (device.manufacturer, device.model) if part) or device.key


def sentence(kind: str, name: str, detail: Mapping[str, Any]) -> str:
    """Return what happened to the device called `name` as one sentence."""
    write = _SENTENCES.get(kind)
    return (write(name, detail) if write else f"{name}: {_words(kind)}.")[:_LONGEST]


def _new(name: str, detail: Mapping[str, Any]) -> str:
    return f"{name} was found at {detail['address']}." if detail.get("address") else f"{name} was found."


def _moved(name: str, detail: Mapping[str, Any]) -> str:
    before = f" from {detail['from']}" if detail.get("from") else ""
    return f"{name} moved{before} to {detail.get('to')}."


def _replaced(name: str, detail: Mapping[str, Any]) -> str:
    return f"{name} is gone: another device, {detail.get('by_name') or detail.get('by')}, is at {detail.get('address')} now."


def _identified(name: str, detail: Mapping[str, Any]) -> str:
    return f"{name} told who it is: it was known as {detail.get('former_key')} before. Its history stays."


def _silent(name: str, detail: Mapping[str, Any]) -> str:
    return f"{name} did not answer {detail.get('missed')} times in a row: {detail.get('reason') or 'no reason is known.'}"


def _back(name: str, _detail: Mapping[str, Any]) -> str:
    return f"{name} answers again."


def _supply_replaced(name: str, detail: Mapping[str, Any]) -> str:
    old, new = _percent(detail.get("old_percent")), _percent(detail.get("new_percent"))
    levels = f", from {old} to {new}" if old and new else ""
    serial = f", serial number {detail['new_serial']}" if detail.get("new_serial") else ""
    return f"{name}: {_supply(detail)} was replaced{levels}{serial}."


def _supply_low(name: str, detail: Mapping[str, Any]) -> str:
    percent = _percent(detail.get("percent"))
    return f"{name}: {_supply(detail)} is low{f' ({percent})' if percent else ''}."


def _supply_empty(name: str, detail: Mapping[str, Any]) -> str:
    return f"{name}: {_supply(detail)} is empty."


def _supply_full(name: str, detail: Mapping[str, Any]) -> str:
    return f"{name}: {_supply(detail)} is full."


def _counter_reset(name: str, detail: Mapping[str, Any]) -> str:
    return f"{name}: the meter {_words(str(detail.get('meter')))} went back from {detail.get('old')} to {detail.get('new')}."


def _alert_raised(name: str, detail: Mapping[str, Any]) -> str:
    return f"{name}: {_alert(detail)}."


def _alert_cleared(name: str, detail: Mapping[str, Any]) -> str:
    return f"{name}: no longer {_alert(detail)}."


def _alert(detail: Mapping[str, Any]) -> str:
    words = detail.get("description") or _words(str(detail.get("code")))
    return f"{words} ({detail.get('severity')})".replace("\n", " ")


def _supply(detail: Mapping[str, Any]) -> str:
    kind = " ".join(word for word in (str(detail.get("color") or ""), _words(str(detail.get("type")))) if word)
    return str(detail.get("description") or kind)


def _percent(value: object) -> str:
    return f"{value:.0f} %" if isinstance(value, int | float) else ""


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").lower()


_SENTENCES = {
    "device_new": _new,
    "device_moved": _moved,
    "device_replaced": _replaced,
    "device_identified": _identified,
    "device_silent": _silent,
    "device_back": _back,
    "supply_replaced": _supply_replaced,
    "supply_low": _supply_low,
    "supply_empty": _supply_empty,
    "supply_full": _supply_full,
    "counter_reset": _counter_reset,
    "alert_raised": _alert_raised,
    "alert_cleared": _alert_cleared,
}
