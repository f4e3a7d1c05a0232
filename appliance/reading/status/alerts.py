"""Alerts: prtAlertTable (RFC 3805)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.reading import enumerations as enum
from appliance.reading.sources import objects as mib
from appliance.reading.view import View, integer
from appliance.report import Alert

_TICKS_A_SECOND = 100


@dataclass(frozen=True, slots=True)
class AlertRow:
    """A row of prtAlertTable: the alert as it is reported, and the sub-unit it is about."""

    alert: Alert
    code: str
    group_number: int | None
    group_index: int | None


def read_alerts(view: View, taken_at: datetime) -> list[AlertRow]:
    """Return the alerts in the order of the table."""
    columns = {column.name: view.rows(column) for column in mib.ALERT_COLUMNS}
    up_time = integer(view.system(mib.SYS_UP_TIME))
    rows = []
    for row in sorted({row for instances in columns.values() for row in instances}):
        numbers = {name: integer(instances.get(row)) for name, instances in columns.items()}
        location = numbers[mib.PRT_ALERT_LOCATION.name]
        code = enum.named(enum.ALERT_CODE, numbers[mib.PRT_ALERT_CODE.name])
        group = numbers[mib.PRT_ALERT_GROUP.name]
        alert = Alert(
            severity=enum.named(enum.ALERT_SEVERITY, numbers[mib.PRT_ALERT_SEVERITY_LEVEL.name]),
            group=enum.named(enum.ALERT_GROUP, group),
            code=code,
            location=location if location is not None and location >= 0 else None,
            description=view.localized(columns[mib.PRT_ALERT_DESCRIPTION.name].get(row)),
            since=raised_at(taken_at, up_time, numbers[mib.PRT_ALERT_TIME.name]),
        )
        rows.append(AlertRow(alert, code, group, numbers[mib.PRT_ALERT_GROUP_INDEX.name]))
    return rows


def raised_at(taken_at: datetime, up_time: int | None, alert_time: int | None) -> datetime | None:
    """Return when an alert was raised, to the minute; None when the device does not tell.

    Both times are hundredths of seconds since the device started. Whole minutes keep the moment the same from one read to the next.
    """
    if up_time is None or alert_time is None or not 0 < alert_time <= up_time:
        return None
    try:
        moment = taken_at - timedelta(seconds=(up_time - alert_time) / _TICKS_A_SECOND)
        return (moment + timedelta(seconds=30)).replace(second=0, microsecond=0)
    except OverflowError:  # an up time of centuries
        return None
