"""Events in words for a person. Pure; made anew from the masked facts before an event leaves the site."""

from collections.abc import Mapping
from typing import Any

from appliance.common.message import Message, shortened
from appliance.report import Device
from appliance.report.condition import make_and_model
from appliance.report.names import small_words

_LONGEST = 1024


def device_name(device: Device) -> str:
    """Return maker and model of a device, else its key: what events tell of it beside that is masked by other settings."""
    return make_and_model(device) or device.key


def sentence(kind: str, name: str, detail: Mapping[str, Any]) -> str:
    """Return what happened to the device called `name` as one sentence, at most 1,024 characters long."""
    write = _SENTENCES.get(kind)
    message = write(name, detail) if write else Message("%(name)s: %(kind)s.", name=name, kind=small_words(kind))
    return shortened(message, _LONGEST)


def _new(name: str, detail: Mapping[str, Any]) -> Message:
    if address := detail.get("address"):
        return Message("%(name)s was found at %(address)s.", name=name, address=address)
    return Message("%(name)s was found.", name=name)


def _moved(name: str, detail: Mapping[str, Any]) -> Message:
    before, now = detail.get("from"), detail.get("to")
    if before:
        return Message("%(name)s moved from %(before)s to %(now)s.", name=name, before=before, now=now)
    return Message("%(name)s moved to %(now)s.", name=name, now=now)


def _second_address(name: str, detail: Mapping[str, Any]) -> Message:
    first, other = detail.get("from"), detail.get("to")
    return Message(
        "%(name)s answers at two addresses: %(first)s, where it is read, and %(other)s.", name=name, first=first, other=other
    )


def _shared(name: str, detail: Mapping[str, Any]) -> Message:
    address, other = detail.get("address"), detail.get("from")
    return Message(
        "%(name)s at %(address)s tells the serial number of another device, which is at %(other)s. They are kept apart.",
        name=name,
        address=address,
        other=other,
    )


def _replaced(name: str, detail: Mapping[str, Any]) -> Message:
    other, address = detail.get("by_name") or detail.get("by"), detail.get("address")
    return Message("%(name)s is gone: another device, %(other)s, is at %(address)s now.", name=name, other=other, address=address)


def _identified(name: str, detail: Mapping[str, Any]) -> Message:
    return Message(
        "%(name)s told who it is: it was known as %(former)s before. Its history stays.", name=name, former=detail.get("former_key")
    )


def _silent(name: str, detail: Mapping[str, Any]) -> Message:
    reason = detail.get("reason") or Message("no reason is known.")
    return Message(
        "%(name)s did not answer %(count)s times in a row: %(reason)s", name=name, count=detail.get("missed"), reason=reason
    )


def _back(name: str, _detail: Mapping[str, Any]) -> Message:
    return Message("%(name)s answers again.", name=name)


def _supply_replaced(name: str, detail: Mapping[str, Any]) -> Message:
    old, new = _percent(detail.get("old_percent")), _percent(detail.get("new_percent"))
    levels = Message(", from %(old)s to %(new)s", old=old, new=new) if old and new else ""
    serial = Message(", serial number %(serial)s", serial=detail["new_serial"]) if detail.get("new_serial") else ""
    return Message(
        "%(name)s: %(supply)s was replaced%(levels)s%(serial)s.", name=name, supply=_supply(detail), levels=levels, serial=serial
    )


def _supply_low(name: str, detail: Mapping[str, Any]) -> Message:
    if percent := _percent(detail.get("percent")):
        return Message("%(name)s: %(supply)s is low (%(percent)s).", name=name, supply=_supply(detail), percent=percent)
    return Message("%(name)s: %(supply)s is low.", name=name, supply=_supply(detail))


def _supply_empty(name: str, detail: Mapping[str, Any]) -> Message:
    return Message("%(name)s: %(supply)s is empty.", name=name, supply=_supply(detail))


def _supply_full(name: str, detail: Mapping[str, Any]) -> Message:
    return Message("%(name)s: %(supply)s is full.", name=name, supply=_supply(detail))


def _counter_reset(name: str, detail: Mapping[str, Any]) -> Message:
    return Message(
        "%(name)s: the meter %(meter)s went back from %(old)s to %(new)s.",
        name=name,
        meter=small_words(str(detail.get("meter"))),
        old=detail.get("old"),
        new=detail.get("new"),
    )


def _alert_raised(name: str, detail: Mapping[str, Any]) -> Message:
    return Message("%(name)s: %(alert)s.", name=name, alert=_alert(detail))


def _alert_cleared(name: str, detail: Mapping[str, Any]) -> Message:
    return Message("%(name)s: no longer %(alert)s.", name=name, alert=_alert(detail))


def _alert(detail: Mapping[str, Any]) -> Message:
    what = str(detail.get("description") or "").replace("\n", " ") or small_words(str(detail.get("code")))
    return Message("%(what)s (%(severity)s)", what=what, severity=small_words(str(detail.get("severity"))))


def _supply(detail: Mapping[str, Any]) -> str:
    if detail.get("description"):
        return str(detail["description"])
    color, kind = str(detail.get("color") or ""), small_words(str(detail.get("type")))
    return Message("%(color)s %(kind)s", color=Message(color), kind=kind) if color else kind


def _percent(value: object) -> str:
    return f"{value:.0f} %" if isinstance(value, int | float) else ""


_SENTENCES = {
    "device_new": _new,
    "device_moved": _moved,
    "device_second_address": _second_address,
    "serial_number_shared": _shared,
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
