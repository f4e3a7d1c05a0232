"""A signed configuration in force, as the check for it leaves it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from appliance.settings.configuration_state import Configuration, ReceivedLayer
from appliance.settings.store import SettingsStore

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def receive(store: SettingsStore, settings: Mapping[str, Mapping[str, Any]]) -> None:
    """Put a configuration into force for all sites, and keep it."""
    layers = (ReceivedLayer("global", "config/global/all.json", 1, "a" * 64, settings, {}),)
    configuration = Configuration(layers, "2026-11-25T00:00:00Z", "0123456789abcdef")
    store.change_received(lambda received: received.applied(configuration, "", (), NOW).kept("", NOW))
