"""Signed configurations as the supervisor keeps them, for the pages that show them."""

from datetime import UTC, datetime
from typing import Any

from appliance.settings.configuration_state import Configuration, Received, ReceivedLayer
from appliance.settings.store import SettingsStore

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
SIGNED_BY = "globalcfg 4f1c2a9e"


def layer(name: Any, path: str, version: int, **settings: dict[str, Any]) -> ReceivedLayer:
    """Return a document."""
    return ReceivedLayer(name, path, version, f"{version:064x}", settings, signed_by=SIGNED_BY)


FIRST = Configuration((layer("global", "config/global/all.json", 3, scan={"read_minutes": 30}),), "2026-11-25T09:00:00Z", "a" * 16)
SECOND = Configuration(
    (
        layer("global", "config/global/all.json", 4, scan={"read_minutes": 45}),
        layer("group", "config/group/schools.json", 2, snmp={"retries": 2}),
        layer("assigned", "config/site/site-7.json", 9, scan={"targets": ["10.1.0.0/24"]}),
    ),
    "2026-11-25T10:00:00Z",
    "b" * 16,
)


def receive(store: SettingsStore, *, kept: bool = True) -> Received:
    """Let the site have received FIRST, kept it, and received SECOND, on trial unless `kept`."""

    def change(received: Received) -> Received:
        first = received.applied(FIRST, "Version 3 is in force.", [("scan.read_minutes", "60", "30")], NOW).kept("It works.", NOW)
        changes = [("scan.read_minutes", "30", "45"), ("scan.targets", "-", "10.1.0.0/24")]
        second = first.applied(SECOND, "Version 4 is in force.", changes, NOW)
        return second.kept("It was watched and is kept.", NOW) if kept else second

    return store.change_received(change)


def refuse(store: SettingsStore) -> None:
    """Let the site have refused a third one."""
    text = "10.9.0.0/24 lies outside the networks the site allows (guardrails.networks)."
    third = [("config/global/all.json", 5, "c" * 64)]
    store.change_received(lambda received: received.refused("c" * 16, "guardrail", text, third, NOW))


def go_back(store: SettingsStore) -> None:
    """Put the configuration before into force."""
    store.change_received(lambda received: received.gone_back("Version 3 is in force again.", NOW))
