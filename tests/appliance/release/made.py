"""Documents about releases, as they come out of JSON."""

import json
from typing import Any

DIGEST = "sha256:" + "a" * 64
OTHER_DIGEST = "sha256:" + "b" * 64


def release(**changes: Any) -> dict[str, Any]:
    """Return a release that is taken, with changes."""
    usual = {
        "version": "0.2.0",
        "counter": 7,
        "published_at": "2026-11-26T12:00:00Z",
        "notes": "Reads meters of more models.",
        "repository": "registry.example.com/dca/appliance",
        "index": DIGEST,
        "platforms": {
            "linux/amd64": {
                "manifest": DIGEST,
                "config": OTHER_DIGEST,
                "size": 150_000_000,
                "archive": "release/0.2.0-linux-amd64.tar.gz",
            }
        },
        "min_engine_api": "1.41",
        "min_version": "0.1.0",
        "switcher": "new",
        "gate": {"deadline_seconds": 300, "steady_seconds": 30},
        "allow_downgrade_from": 9,
        "late_rollback": True,
        "extra": {"ticket": ["A-1"]},
    }
    return usual | changes


def platform(**changes: Any) -> dict[str, Any]:
    """Return the changes of a release whose one platform has changes."""
    return {"platforms": {"linux/amd64": release()["platforms"]["linux/amd64"] | changes}}


def catalogue(*releases: dict[str, Any], **changes: Any) -> bytes:
    """Return a catalogue with those releases."""
    return json.dumps({"format": 1, "channel": "stable", "releases": list(releases)} | changes).encode()


def offer(**changes: Any) -> dict[str, Any]:
    """Return an offer that is taken, with changes."""
    usual = {"version": "0.2.0", "counter": 7, "percent": 50, "seed": "0.2.0", "not_before": None, "paused": False}
    return usual | changes


def rollout(**channel: Any) -> bytes:
    """Return a rollout of the channel `stable`."""
    return json.dumps({"format": 1, "version": 3, "channels": {"stable": channel}}).encode()
