"""What a check-in tells the hosting server of this site: counts and sentences, no secret. Pure."""

from collections.abc import Mapping
from typing import Any

from appliance.privacy.masks import active_masks
from appliance.settings.configuration_state import Received
from appliance.settings.model import Settings

_OF_SCAN = ("kind", "finished_at", "cancelled", "addresses", "devices", "read", "failed")

_OF_OUTCOME = ("at", "what", "reason", "text")


def site_state(
    settings: Settings,
    status: Mapping[str, Any],
    traffic: Mapping[str, int],
    received: Received | None,
    versions: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the state. `status` is that of the control API, `traffic` the bytes of the last day by purpose.

    `received` is what was received as signed configuration, None while that cannot be read: then nothing is told of it.
    `versions` is what the supervisor knows of new versions, empty while it does not answer.
    """
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
        "update": {"level": settings.update.level, "support_bundle": settings.privacy.support_bundle, **versions},
        **({"configuration": configuration_state(received)} if received else {}),
        "privacy": active_masks(settings.privacy),
        "traffic": {purpose: _about(count) for purpose, count in traffic.items()},
    }


def without_sentences(state: Mapping[str, Any], problem: str) -> dict[str, Any]:
    """Return the state with one `problem` and no other sentence: where none can be masked."""
    update = dict(state["update"])
    if image := update.get("image"):
        update["image"] = image | {"text": problem if image["text"] else "", "log": ""}
    kept = {name: value for name, value in state.items() if name != "configuration"}
    return kept | {"problems": [{"name": "privacy", "text": problem, "since": None}], "update": update}


def configuration_state(received: Received) -> dict[str, Any]:
    """Return what became of the signed configuration."""
    layers = received.in_force.layers if received.in_force else ()
    outcome = received.outcomes[0] if received.outcomes else None
    return {
        "marker": received.marker,
        "state": received.state,
        "layers": [{"path": layer.path, "version": layer.version, "sha256": layer.sha256} for layer in layers],
        "outcome": {name: getattr(outcome, name) for name in _OF_OUTCOME} if outcome else None,
    }


def _about(count: int) -> int:
    """Return `count` to two digits: enough for a person, and a state that stays the same is not told again."""
    return round(count, 2 - len(str(count)))
