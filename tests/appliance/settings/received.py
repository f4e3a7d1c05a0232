"""Signed configuration, as the check for it finds and leaves it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from appliance.settings.configuration_state import Configuration, ReceivedLayer
from appliance.settings.document import ReceivedLayerName
from appliance.settings.store import SettingsStore

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def configuration(settings: Mapping[str, Mapping[str, Any]], layer: ReceivedLayerName = "global") -> Configuration:
    """Return a configuration of one document."""
    layers = (ReceivedLayer(layer, "config/global/all.json", 1, "a" * 64, settings, {}),)
    return Configuration(layers, "2026-11-25T00:00:00Z", "0123456789abcdef")


def receive(store: SettingsStore, settings: Mapping[str, Mapping[str, Any]]) -> None:
    """Put a configuration into force for all sites, and keep it."""
    store.change_received(lambda received: received.applied(configuration(settings), "", (), NOW).kept("", NOW))
