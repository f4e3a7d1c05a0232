"""What may be in a support bundle: every text without the secrets in force and without what the site masks."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from appliance.common.log import HIDDEN, is_secret, without_secret_parts
from appliance.privacy.masks import MASKED
from appliance.privacy.outgoing import Masking
from appliance.privacy.pseudonyms import Pseudonymizer
from appliance.settings.layers import Effective
from appliance.store.rows import DeviceRow

SHORTEST_SECRET = 3
KNOWN_TO_ALL = frozenset({"public", "private"})
"""Communities that devices are sold with: no secret, and words that are in many sentences."""
_WORD = re.compile(r"[0-9A-Za-z_](?:[0-9A-Za-z_.:-]*[0-9A-Za-z_])?")


class Scrubber:
    """Takes out of texts and values what must not leave the site."""

    def __init__(self, secrets: Iterable[str], masking: Masking) -> None:
        """`secrets` are those in force; `masking` holds the masks of the site."""
        wanted = {form for secret in secrets for form in (secret, json.dumps(secret, ensure_ascii=False)[1:-1])}
        self._secrets = [secret for secret in sorted(wanted, key=len, reverse=True) if _is_secret(secret)]
        self._masking = masking
        self._pseudonymizer = Pseudonymizer(masking.settings, masking.key)
        self._names: dict[str, str] = {}

    def know(self, devices: Iterable[DeviceRow]) -> None:
        """Mask the names and addresses of these devices wherever a text repeats them."""
        settings, pseudonymizer = self._masking.settings, self._pseudonymizer
        for row in devices:
            device = row.reading.device
            for mode, value, form in (
                (settings.host_name, device.hostname, pseudonymizer.host_name),
                (settings.mac, device.mac, pseudonymizer.mac),
                (settings.ip_address, device.ip, pseudonymizer.address),
                (settings.ip_address, row.address, pseudonymizer.address),
            ):
                if mode != "send" and value:
                    self._names[value.lower()] = form(value) or f"[{MASKED}]"

    def text(self, text: str) -> str:
        """Return `text` without secrets, and masked."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = without_secret_parts(text)
        if self._names:
            text = _WORD.sub(lambda found: self._masked(found[0]), text)
        return self._pseudonymizer.addresses_in(text)

    def _masked(self, word: str) -> str:
        """Return a word, or what stands for it; a port behind it stays."""
        if form := self._names.get(word.lower()):
            return form
        name, _, port = word.rpartition(":")
        form = self._names.get(name.lower()) if port.isdigit() else None
        return f"{form}:{port}" if form else word

    def value(self, value: Any, name: str = "") -> Any:
        """Return a JSON value without secrets, and masked, at any depth."""
        if value and is_secret(name):
            return HIDDEN
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner) for inner in value]
        return value

    def device(self, row: DeviceRow) -> dict[str, Any]:
        """Return a device as it may leave the site, without what its panel shows."""
        sent = self._masking.reading(row.reading)
        return {
            "device": sent.device.model_dump(mode="json"),
            "status": sent.status.model_dump(mode="json", exclude={"console"}),
            "meters": len(sent.meters),
            "supplies": len(sent.supplies),
            "first_seen_at": row.first_seen_at.isoformat(),
            "last_seen_at": row.last_seen_at.isoformat(),
            "agent": dict(row.agent) | ({"address": self._pseudonymizer.address(row.address)} if row.address else {}),
            "failure": row.failure,
        }


def _is_secret(text: str) -> bool:
    return len(text) >= SHORTEST_SECRET and text.lower() not in KNOWN_TO_ALL


def secrets_of(effective: Effective) -> list[str]:
    """Return every text of the settings in force whose name says that it is a secret."""
    return _secrets_in("", effective.settings.model_dump(mode="json"))


def _secrets_in(name: str, value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [secret for key, inner in value.items() for secret in _secrets_in(key, inner)]
    if isinstance(value, list):
        return [secret for inner in value for secret in _secrets_in(name, inner)]
    return [value] if value and isinstance(value, str) and is_secret(name) else []
