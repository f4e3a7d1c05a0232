"""What a check-in tells the hosting server of this site: counts and sentences, no secret. Pure."""

from collections.abc import Mapping
from typing import Any

from appliance.privacy.masks import active_masks
from appliance.settings.model import Settings

_OF_SCAN = ("kind", "finished_at", "cancelled", "addresses", "devices", "read", "failed")


def site_state(settings: Settings, status: Mapping[str, Any], traffic: Mapping[str, int]) -> dict[str, Any]:
    """Return the state. `status` is that of the control API, `traffic` the bytes of the last day by purpose."""
    last = status["last_scan"]
    return {
        "site_name": settings.site.name,
        "started_at": status["started_at"],
        "collector": status["state"],
        "devices": status["devices"],
        "outbox": status["outbox"],
        "last_scan": {name: last.get(name) for name in _OF_SCAN} if last else None,
        "problems": status["problems"],
        "health_check": settings.health_check.enabled,
        "update": {"level": settings.update.level, "support_bundle": settings.privacy.support_bundle},
        "privacy": active_masks(settings.privacy),
        "traffic": {purpose: _about(count) for purpose, count in traffic.items()},
    }


def _about(count: int) -> int:
    """Return `count` to two digits: enough for a person, and a state that stays the same is not told again."""
    return round(count, 2 - len(str(count)))
