"""Alerts raised and cleared. An alert is the same one as long as group, code, place and wording are; numbers in it may change."""

import re

from appliance.events.device_event import DeviceEvent
from appliance.events.memory import AlertMemory, Memory
from appliance.report import Alert

MODES = frozenset(
    (
        "subunitPowerSaver",
        "subunitWarmingUp",
        "subunitOffline",
        "subunitTurnedOn",
        "subunitTurnedOff",
        "powerUp",
        "powerDown",
        "printerReadyToPrint",
        "alertRemovalOfBinaryChangeEntry",
    )
)
"""Codes of modes a device enters and leaves all day long: part of the reading, no events."""

MOST = 200
"""Alerts of one device that are followed at most."""

_NUMBERS = re.compile(r"\d+")


def judge_alerts(alerts: tuple[Alert, ...], memory: Memory, *, whole: bool) -> list[DeviceEvent]:
    """Return which alerts were raised and cleared; `memory` is brought up to date.

    `whole` tells whether the device said all it has to say: what is missing from half an answer is not cleared.
    """
    now = {_identity(alert): alert for alert in alerts if alert.code not in MODES}
    device_events: list[DeviceEvent] = []
    for name, alert in list(now.items())[:MOST]:
        if name not in memory.alerts and len(memory.alerts) < MOST:
            memory.alerts[name] = AlertMemory(alert.severity, alert.group, alert.code, alert.description)
            device_events.append(DeviceEvent("alert_raised", _facts(memory.alerts[name]) | {"location": alert.location}))
    if whole:
        gone = [name for name in memory.alerts if name not in now]
        device_events += [DeviceEvent("alert_cleared", _facts(memory.alerts.pop(name))) for name in gone]
    return device_events


def _identity(alert: Alert) -> str:
    wording = _NUMBERS.sub("#", alert.description or "")
    return "|".join((alert.group, alert.code, str(alert.location), wording))


def _facts(alert: AlertMemory) -> dict[str, object]:
    return {"severity": alert.severity, "group": alert.group, "code": alert.code, "description": alert.description}
