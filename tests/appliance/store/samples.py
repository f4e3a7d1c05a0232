"""Readings to keep."""

from datetime import UTC, datetime, timedelta

from appliance.report import Device, Meter, Reading

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)


def sample(number: int = 1, *, hours: float = 0, ip: str | None = None, serial: str | None = None, pages: int = 0) -> Reading:
    """Return a reading of device `number`, taken `hours` after START."""
    serial = serial or f"S{number:04}"
    return Reading(
        taken_at=START + timedelta(hours=hours),
        device=Device(key=f"serial:HP:{serial}", ip=ip or f"10.0.0.{number}", manufacturer="HP", model="LaserJet", serial=serial),
        meters={"total": Meter(value=pages, unit="impressions", source="prtMarkerLifeCount")},
    )


def key(number: int = 1) -> str:
    """Return the key of device `number`."""
    return f"serial:HP:S{number:04}"
