"""Batches of readings for tests."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any


def batch_id() -> str:
    """Return a new UUIDv7, as a site makes it (RFC 9562)."""
    text = f"{int(time.time() * 1000):012x}7{secrets.token_hex(2)[:3]}{'89ab'[secrets.randbelow(4)]}{secrets.token_hex(8)[:15]}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def moment(*, hours: float = 0) -> str:
    """Return the moment so many hours ago."""
    return (datetime.now(UTC) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def reading(key: str = "serial:ACME:1", *, total: int = 1000, hours: float = 0, **device: Any) -> dict[str, Any]:
    """Return a reading taken so many hours ago."""
    return {
        "schema": 1,
        "taken_at": moment(hours=hours),
        "device": {"key": key, "serial": key.rpartition(":")[2], "model": "Acme Print 1", **device},
        "status": {"printer": "idle", "device": "running"},
        "meters": {"total": {"value": total, "unit": "impressions", "source": "prtMarkerLifeCount"}},
    }


def batch(*readings: dict[str, Any], identity: str | None = None) -> dict[str, Any]:
    """Return a batch of readings."""
    return {"schema": 1, "batch": identity or batch_id(), "readings": list(readings)}
